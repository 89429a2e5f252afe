internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudErrors

/// Which model stands beside the policies.
struct GuardianOptions: ParsableArguments {
  /// Where it is: in the folder that one stands in, or in the checkout of this program.
  private static let usual: String? = {
    let name = "Models/spud-guardian"
    let checkout = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return [name, checkout.appending(path: name).path].first {
      FileManager.default.fileExists(atPath: $0 + "/config.json")
    }
  }()

  @Option(help: ArgumentHelp("The Guardian's model; Models/spud-guardian where it is.", valueName: "dir"))
  var guardian: String?
  @Flag(help: "Let the policies decide alone.") var policyAlone = false

  /// The model; nil where there is none, or where policies decide alone.
  func weights() throws -> GuardianModel.Weights? {
    guard !policyAlone, let directory = guardian ?? Self.usual else { return nil }
    return try GuardianModel.Weights(directory: directory)
  }

  /// Makes the second model for a ticket; nil where there is none.
  func overseer() throws -> ((TicketText) throws -> any Overseer)? {
    try weights().map { weights in { try GuardianModel(weights, ticket: $0) } }
  }
}
