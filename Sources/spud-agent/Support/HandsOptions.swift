internal import ArgumentParser
internal import SpudAgent
internal import SpudErrors

/// Who moves the hands in the portal.
struct HandsOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The model that moves the hands; Models/spud-clerk where it is.", valueName: "dir"))
  var hands: String?
  @Flag(help: "Let a script that knows the portal move the hands, in place of the model.") var scripted = false

  /// Makes hands for a task.
  /// - Throws: `usage` where both are asked for, `noInput` without the model.
  func maker() throws -> () throws -> any Hands {
    guard !scripted || hands == nil else {
      throw SpudError(.usage, "--scripted hands have no model to be given by --hands")
    }
    if scripted { return { ScriptedHands() } }
    guard let directory = hands ?? shippedModel("spud-clerk") else {
      throw SpudError(.noInput, "there is no model for the hands: Models/spud-clerk, --hands DIR, or --scripted")
    }
    let weights = try ClerkHands.Weights(directory: directory)
    return { try ClerkHands(weights) }
  }
}
