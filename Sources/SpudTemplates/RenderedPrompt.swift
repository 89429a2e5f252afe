/// The text that a template gave, cut where its origin changes.
package struct RenderedPrompt: Sendable, Equatable {
  /// A part that the template spelled, or that the request did.
  package struct Segment: Sendable, Equatable {
    package let text: String
    /// Only here may a control token be recognized: what a user typed stays text, whatever it spells.
    ///
    /// - Note: A piece of ordinary text may reach over a border between segments, so that ids are equal to those of a
    ///   tokenizer that never saw the border; a control token may not.
    package let isFromTemplate: Bool
  }

  /// In order; neighbours differ in origin, and none is empty.
  package let segments: [Segment]

  package var text: String { segments.map(\.text).joined() }

  init(_ text: TemplateText) {
    segments = text.runs.map { run in
      Segment(text: String(decoding: text.utf8[run.range], as: UTF8.self), isFromTemplate: run.origin == .template)
    }
  }
}
