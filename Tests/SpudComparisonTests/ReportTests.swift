import Foundation
import Testing

@testable import SpudComparison

@Suite("The report")
struct ReportTests {
  @Test("has every claim and every plot, closes every element, and asks for nothing from elsewhere")
  func isComplete() throws {
    let report = SampleEvidence.sharedReport
    let html = report.html()
    for claim in report.claims {
      #expect(html.contains("id=\"claim-\(claim.id.rawValue)\""))
      for plot in claim.plots {
        #expect(html.contains("<figure class=\"plot\" id=\"\(plot.id)\">"))
        #expect(html.contains("id=\"\(plot.id)-wide\"") && html.contains("id=\"\(plot.id)-narrow\""))
      }
    }
    for id in ["timeline", "stream", "experts", "skills"] { #expect(html.contains("id=\"\(id)\"")) }
    for element in ["div", "span", "svg", "figure", "table", "section", "details", "text", "title"] {
      let opened = html.matches(of: try Regex("<\(element)[ >]")).count
      #expect(opened == html.components(separatedBy: "</\(element)>").count - 1, "\(element)")
    }
    #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"))
    #expect(!html.contains("url("))
    if let folder = ProcessInfo.processInfo.environment["SPUD_REPORT_DIRECTORY"] { try report.write(to: folder) }
  }

  @Test("says of which claims nothing can be told, where the claims come from, and what is counted")
  func saysItsLimits() {
    let report = SampleEvidence.sharedReport
    // The made-up pipeline is right in more than half of the films.
    #expect(report.claims.first { $0.id == .video }?.verdict == .cannotTell)
    #expect(report.summary.contains("What was measured cannot tell: video"), "\(report.summary)")
    let (html, markdown) = (report.html(), report.markdown())
    #expect(html.contains("data-verdict=\"cannot tell\"") && html.contains("class=\"verdict open\""))
    #expect(markdown.contains("**cannot tell**"))
    for text in [Claim.origin, SystemCard.definition] {
      #expect(markdown.contains(text) && html.contains(escaped(text)))
    }
    let named = report.claims.filter { report.summary.contains($0.id.title.lowercased()) }
    #expect(named.count == report.claims.count, "a claim is missing from \(report.summary)")
  }

  @Test("shows what users wrote as text, never as markup")
  func escapesText() throws {
    let html = SampleEvidence.sharedReport.html()
    #expect(html.contains("Sample &lt;CPU&gt; &amp; Sons"))
    #expect(!html.contains("<CPU>") && !html.contains("<star>"))
    #expect(escaped("<a href='x'>\"&\u{0}") == "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\u{FFFD}")
    #expect(!SampleEvidence.sharedReport.markdown().contains("<CPU>"))
  }

  @Test("its JSON has the keys that others rely on, and numbers or null behind them")
  func jsonKeys() throws {
    let text = try SampleEvidence.sharedReport.json()
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["schema"] as? Int == 1)
    #expect((object["systems"] as? [Any])?.count == 3)
    #expect((object["tasks"] as? [Any])?.isEmpty == false)
    let claims = try #require(object["claims"] as? [[String: Any]])
    #expect(claims.count == Claim.Identifier.allCases.count)
    for claim in claims {
      for key in ["id", "statement", "measured", "baseline", "ratio", "verdict", "runs"] {
        #expect(claim[key] != nil, "\(claim["id"] ?? "") has no \(key)")
      }
    }
  }

  @Test("without any measurement every claim says why it was not measured, in one sentence, and nothing is made up")
  func nothingMeasured() throws {
    let report = Report(
      setting: SampleEvidence.sharedReport.setting, evidence: Evidence(systems: [SampleEvidence.unified], records: []))
    for claim in report.claims {
      #expect(claim.verdict == .notMeasured)
      #expect(claim.measured == nil && claim.baseline == nil && claim.ratio == nil && claim.runs == 0)
      #expect(claim.finding.hasSuffix("."), "\(claim.finding)")
    }
    _ = report.html()
    _ = report.markdown()
  }
}
