internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudErrors

/// A model of this project: in the folder that one stands in, or in the checkout of this program; nil where it is not.
func shippedModel(_ name: String) -> String? {
  let name = "Models/\(name)"
  let checkout = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  return [name, checkout.appending(path: name).path].first {
    FileManager.default.fileExists(atPath: $0 + "/config.json")
  }
}

/// Which model stands beside the policies.
struct GuardianOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The Guardian's model; Models/spud-guardian where it is.", valueName: "dir"))
  var guardian: String?
  @Flag(help: "Let the policies decide alone.") var policyAlone = false

  /// The model; nil where there is none, or where policies decide alone.
  func weights() throws -> GuardianModel.Weights? {
    guard !policyAlone, let directory = guardian ?? shippedModel("spud-guardian") else { return nil }
    return try GuardianModel.Weights(directory: directory)
  }

  /// Makes the second model for a ticket; nil where there is none.
  func overseer() throws -> ((TicketText) throws -> any Overseer)? {
    try weights().map { weights in { try GuardianModel(weights, ticket: $0) } }
  }
}
