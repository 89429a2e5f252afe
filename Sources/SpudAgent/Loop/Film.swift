internal import SpudBrowser
internal import SpudErrors
internal import SpudGuardian
internal import SpudMedia
internal import SpudSupport

/// The screens of a run with what was done on each, as one HTML file that plays them.
package final class Film {
  private var pictures: [Fingerprint: Int] = [:]
  private var data: [String] = []
  private var frames: [(picture: Int, caption: String)] = []

  package init() {}

  package var count: Int { frames.count }

  package func add(_ sight: Sight, _ caption: String) throws {
    guard let screen = sight.screen else { return }
    if pictures[sight.fingerprint] == nil {
      pictures[sight.fingerprint] = data.count
      data.append(try screen.pngText())
    }
    frames.append((pictures[sight.fingerprint] ?? 0, caption))
  }

  /// - Throws: `io`.
  package func write(to path: String, title: String) throws {
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("<", with: "\\u003c") + "\""
    }
    let html = """
      <!doctype html>
      <html lang=en><meta charset=utf-8><title>\(title)</title>
      <style>body { font: 16px sans-serif; margin: 2em } img { width: 512px; image-rendering: pixelated;
      border: 1px solid #888; display: block } p { min-height: 1.5em } input { width: 512px }</style>
      <h1>\(title)</h1><img id=screen alt=screen><p id=caption></p>
      <input id=place type=range min=0 value=0><br><button id=play>Play</button>
      <script>
      const pictures = [\(data.map { "\"\($0)\"" }.joined(separator: ",\n"))];
      const frames = [\(frames.map { "[\($0.picture),\(quoted($0.caption))]" }.joined(separator: ","))];
      const $ = id => document.getElementById(id);
      let timer = 0;
      $("place").max = Math.max(0, frames.length - 1);
      function show() {
        const [picture, caption] = frames[+$("place").value] || [0, ""];
        $("screen").src = "data:image/png;base64," + pictures[picture];
        $("caption").textContent = (+$("place").value + 1) + " of " + frames.length + ": " + caption;
      }
      $("place").oninput = show;
      $("play").onclick = () => {
        if (timer) { clearInterval(timer); timer = 0; $("play").textContent = "Play"; return; }
        $("play").textContent = "Stop";
        timer = setInterval(() => { $("place").value = (+$("place").value + 1) % frames.length; show(); }, 120);
      };
      show();
      </script>
      """
    try AtomicFile.write(Array(html.utf8), to: path)
  }
}
