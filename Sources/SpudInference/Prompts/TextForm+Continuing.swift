internal import SpudErrors
internal import SpudModels
internal import SpudProtocol
internal import SpudTokens

extension TextForm {
  /// This form without that of a chat: what comes out is the text that goes on, whatever it spells.
  var continuing: TextForm {
    var form = self
    form.template = .none
    form.beginning = beginning ?? tokenizer.beginID
    form.thoughts = nil
    form.format = .plain
    return form
  }

  /// A prompt of ids as they are.
  ///
  /// - Throws: `SpudError` (`usage`) for none, or for one that the tokenizer has not.
  func prompt(of ids: [Int32]) throws -> PromptForm.Prompt {
    guard !ids.isEmpty else { throw SpudError(.usage, "the prompt is empty: give at least one id") }
    if let wrong = ids.first(where: { $0 < 0 || $0 >= tokenizer.vocabularyCount }) {
      throw SpudError(.usage, "there is no id \(wrong): the vocabulary has \(tokenizer.vocabularyCount)")
    }
    var usage = Usage()
    usage.text = ids.count
    return PromptForm.Prompt(ids: ids, marks: ids.map { _ in .read }, usage: usage)
  }
}
