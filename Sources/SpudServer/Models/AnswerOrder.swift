#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors

/// One answer that is asked of a model, whichever form it was asked in.
struct AnswerOrder: Sendable {
  var turns: [ConversationTurn]
  var sampling = SamplingFields()
  /// Nil is as many as the context has room for.
  var maximumTokens: Int?
  var output: GenerationOptions.Output? = .text
  var thinking: Int?
  var tools: [JSONValue] = []
  var toolChoice = ChatRequest.ToolChoice.none
  var format = ChatRequest.ResponseFormat.text
  /// How many alternatives each id is to come with; nil without probabilities.
  var alternatives: Int?
  /// Whether ids are delivered beside what they mean.
  var reportsTokens = false
  var templateArguments = JSONObject()
  /// Whether a text-only model goes on with the text as it is; a unified one takes it for a question.
  var continuesText = false
  /// What it goes on with, in place of the text.
  var ids: [Int32]?
  var soundFormat = SoundFormat.wav
  var tenant = ""
  /// What is to be told besides, such as that a file was cut.
  var remarks: [String] = []
}

/// What there is to say of an answer when it is over.
struct AnswerSummary: Sendable {
  var reason: SpudProtocol.FinishReason
  /// The stop string that ended it.
  var stop: String?
  var usage: SpudProtocol.Usage
  var timings: AnswerTimings
  var remarks: [String]
}
#endif
