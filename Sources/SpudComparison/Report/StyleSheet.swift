/// The page's style: one sheet for light and dark, wide and narrow, screen and paper. No file outside of the page is
/// asked for anything.
enum StyleSheet {
  static let text = colours + page + overview + sections + plots + stream + narrow

  private static let colours = """
    :root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1b1d22;--soft:#5c6068;--faint:#8b8f98;
    --rule:#e4e1d8;\
    --wash:#f3f1ea;--accent:#3450c4;--good:#1b7a4a;--part:#96640a;--bad:#b23a2e;--none:#7a7e87;--good-wash:#e3f3ea;\
    --part-wash:#fbf0d8;--bad-wash:#fbe7e3;--none-wash:#eeeeec;--s0:#3450c4;--s1:#d2711c;--s2:#14866f;--s3:#a23c8c;\
    --s4:#7a6a1e;--s5:#4a8fc9;--s6:#8a5a44;--text:#5c6880;--image:#c56a15;--audio:#14866f;--control:#a7a9ae;\
    --serif:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua","URW Palladio L",Georgia,serif;\
    --sans:ui-sans-serif,system-ui,-apple-system,"Segoe UI","Helvetica Neue",Arial,sans-serif;\
    --mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
    @media (prefers-color-scheme:dark){:root{--paper:#14161b;--card:#1b1e25;--ink:#e9e7e1;--soft:#a9adb7;
    --faint:#7d828d;\
    --rule:#2d313b;--wash:#1f232b;--accent:#93a8ff;--good:#5fcf96;--part:#e6b450;--bad:#f2887a;--none:#9a9fa9;\
    --good-wash:#17301f;--part-wash:#33280f;--bad-wash:#3a1d19;--none-wash:#262a32;--s0:#93a8ff;--s1:#f0a35a;
    --s2:#55c9ae;\
    --s3:#e08fcf;--s4:#cfc06a;--s5:#86c1f0;--s6:#cf9f86;--text:#9aa7c2;--image:#f0a35a;--audio:#55c9ae;
    --control:#666b76}}

    """

  private static let page = """
    *{box-sizing:border-box}html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
    @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 var(--sans);
    font-variant-numeric:tabular-nums}
    main{max-width:1180px;margin:0 auto;padding:30px 40px 96px}
    a{color:inherit;text-decoration-color:var(--faint);text-underline-offset:3px}
    a:hover{text-decoration-color:currentColor}
    :focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:3px}
    h1,h2,h3{font-family:var(--serif);font-weight:600;line-height:1.18;letter-spacing:-.008em;margin:0;
    text-wrap:balance}
    h1{font-size:clamp(30px,4vw,42px)}h2{font-size:clamp(23px,2.6vw,30px)}h3{font-size:19px}
    h4{font:600 14px/1.4 var(--sans);margin:0 0 10px}
    p{margin:0}header p.summary{font:400 19px/1.5 var(--serif);max-width:96ch;margin-top:8px;text-wrap:pretty}
    .meta{color:var(--soft);font-size:13.5px;margin-top:6px;max-width:130ch}
    .remark{border-left:3px solid var(--part);background:var(--part-wash);padding:6px 14px;margin-top:10px;
    font-size:14px;\
    border-radius:0 6px 6px 0}
    .skip{position:absolute;left:-9999px}.skip:focus{left:12px;top:12px;background:var(--card);padding:8px 12px}

    """

  private static let overview = """
    ol.claims{list-style:none;margin:22px 0 0;padding:0;border-top:1px solid var(--rule)}
    ol.claims a{display:grid;grid-template-columns:136px minmax(0,1fr) 216px 236px 62px;column-gap:20px;
    align-items:center;\
    padding:4px 8px;border-bottom:1px solid var(--rule);text-decoration:none}
    ol.claims a:hover{background:var(--wash)}
    ol.claims .head{color:var(--faint);font-size:12px;display:grid;\
    grid-template-columns:136px minmax(0,1fr) 216px 236px 62px;column-gap:20px;padding:0 8px 5px;margin-top:-25px}
    .claim b{font:600 17px/1.25 var(--serif);display:block}.claim span{color:var(--soft);font-size:13.5px;
    line-height:1.25;\
    display:block;margin-top:1px}
    .number b{font-size:16px;font-weight:600;display:block;line-height:1.3}.number span{color:var(--faint);
    font-size:12px;\
    display:block;line-height:1.3}
    @media (min-width:901px){.claim b,.claim span,.number b,.number span{display:inline}.claim b{font-size:16px}
    .claim b,.number b{margin-right:8px}.claim span{font-size:13px}.number b{white-space:nowrap}\
    .claim,.number{line-height:1.2}}
    .ratio{text-align:right;font-weight:600;font-size:16px}
    .verdict{display:inline-flex;align-items:center;gap:7px;font:600 13px/1 var(--sans);padding:6px 11px 6px 9px;\
    border-radius:99px;white-space:nowrap}
    .verdict i{width:11px;height:11px;border-radius:50%;border:2px solid currentColor;flex:none}
    .holds{color:var(--good);background:var(--good-wash)}.holds i{background:currentColor}
    .part{color:var(--part);background:var(--part-wash)}
    .part i{background:linear-gradient(90deg,currentColor 50%,transparent 50%)}
    .not{color:var(--bad);background:var(--bad-wash)}
    .none{color:var(--none);background:var(--none-wash)}.none i{border-radius:2px;height:2px;border-width:1px}
    .open{color:var(--none);background:var(--none-wash)}.open i{border-style:dotted}

    """

  private static let sections = """
    section{margin-top:72px;scroll-margin-top:20px}section>h2{padding-top:20px;border-top:2px solid var(--ink)}
    .kicker{display:flex;flex-wrap:wrap;align-items:center;gap:12px 16px;margin-top:12px}
    .kicker em{font:italic 400 18px/1.4 var(--serif);color:var(--soft)}
    .finding{font:400 20px/1.5 var(--serif);max-width:66ch;margin-top:18px;text-wrap:pretty}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:1px;background:var(--rule);\
    border:1px solid var(--rule);border-radius:10px;overflow:hidden;margin:22px 0 0}
    .facts div{background:var(--card);padding:13px 16px}.facts dt{color:var(--faint);font-size:12.5px;line-height:1.3}
    .facts dd{margin:3px 0 0;font-size:19px;font-weight:600;line-height:1.3}.facts dd.small{font-size:14px;
    font-weight:400}
    .prose{display:grid;grid-template-columns:1fr 1fr;gap:18px 40px;margin-top:26px;font-size:15px}
    .prose h3{font:600 13px/1.4 var(--sans);color:var(--faint);margin-bottom:4px}
    details{margin-top:20px;border-top:1px solid var(--rule)}details+details{margin-top:0}
    summary{cursor:pointer;padding:11px 0;font-weight:600;font-size:14.5px}
    .scroll{overflow-x:auto;margin:0 0 14px}table{border-collapse:collapse;font-size:13.5px;line-height:1.35;
    width:100%}
    th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
    th:first-child,td:first-child{text-align:left}thead th{color:var(--faint);font-weight:500;vertical-align:bottom}
    td.wrap{white-space:normal;text-align:left;min-width:260px}
    td.cleared{color:var(--good)}td.missed{color:var(--bad)}
    footer{margin-top:72px;color:var(--faint);font-size:13px}

    """

  private static let plots = """
    figure.plot{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:20px 22px 16px;
    margin:24px 0 0}
    figure.plot svg{display:block;width:100%;height:auto;overflow:visible;font-family:var(--sans)}
    figcaption{color:var(--soft);font-size:13.5px;margin-top:12px;max-width:80ch}
    svg.narrow{display:none!important}
    .label{font-size:13px;fill:var(--ink)}.strong{font-weight:600}.small{font-size:12px;fill:var(--soft)}
    .tick{font-size:12px;fill:var(--faint)}.number{font-size:12.5px;fill:var(--soft)}
    .grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}.rule{stroke:var(--rule);
    stroke-width:1}
    .frame{fill:none;stroke:var(--rule)}.reference{stroke:var(--soft);stroke-dasharray:4 4}
    .joint{fill:none;stroke:var(--faint);stroke-width:1;opacity:.5}.line{fill:none;stroke-width:2.2;
    stroke-linejoin:round}
    .whisker{stroke-width:1.6;opacity:.7}.first{stroke:var(--ink);stroke-width:1.8}
    .bar{fill-opacity:.35}.good{fill:var(--s0)}.bad{fill:var(--s1)}.unclear{fill:var(--faint)}.heat{fill:var(--s0)}
    .fill0{fill:var(--s0)}.fill1{fill:var(--s1)}.fill2{fill:var(--s2)}.fill3{fill:var(--s3)}.fill4{fill:var(--s4)}\
    .fill5{fill:var(--s5)}.fill6{fill:var(--s6)}
    .stroke0{stroke:var(--s0)}.stroke1{stroke:var(--s1)}.stroke2{stroke:var(--s2)}.stroke3{stroke:var(--s3)}\
    .stroke4{stroke:var(--s4)}.stroke5{stroke:var(--s5)}.stroke6{stroke:var(--s6)}
    .work-tokenize{fill:var(--faint)}.work-prefill{fill:var(--s0)}.work-decode{fill:var(--s1)}

    """

  private static let stream = """
    .keys{display:flex;flex-wrap:wrap;gap:6px 18px;font-size:13.5px;color:var(--soft);margin-bottom:14px}
    .keys i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:7px;vertical-align:-1px}
    .prompt{display:flex;gap:22px;align-items:flex-start;margin-top:20px}
    .prompt img{width:128px;height:auto;image-rendering:pixelated;border-radius:8px;border:1px solid var(--rule)}
    .tokens{display:flex;flex-wrap:wrap;gap:2px;font:11.5px/1 var(--mono)}
    .tokens span{padding:4px 5px;border-radius:3px;color:#fff;white-space:pre}
    .tokens .dotted{width:11px;height:19px;padding:0}
    .m-text{background:var(--text)}.m-image{background:var(--image)}.m-audio{background:var(--audio)}
    .m-control{background:var(--control)}
    @media (prefers-color-scheme:dark){.tokens span{color:#101216}}

    """

  private static let narrow = """
    @media (max-width:900px){main{padding:28px 18px 64px}
    ol.claims .head{display:none}
    ol.claims a{grid-template-columns:1fr 1fr;row-gap:7px;padding:14px 2px}
    ol.claims .claim{grid-column:1/-1}ol.claims .mark{grid-column:1}ol.claims .ratio{grid-column:2;grid-row:1}
    ol.claims a{align-items:start}.prose{grid-template-columns:1fr}section{margin-top:56px}
    header p.summary,.finding{font-size:17.5px}}
    @media (max-width:620px){svg.wide{display:none!important}svg.narrow{display:block!important}
    figure.plot{padding:16px 14px 14px;margin-left:-6px;margin-right:-6px}.prompt{flex-direction:column}}
    @media print{figure.plot,.facts{break-inside:avoid}main{max-width:none;padding:0}}
    """
}
