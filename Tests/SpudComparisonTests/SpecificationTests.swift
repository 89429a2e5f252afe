import Foundation
import SpudErrors
import SpudPipeline
import SpudTokens
import Testing

@testable import SpudComparison

@Suite("The systems of a run")
struct SpecificationTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "spud-systems-\(UUID().uuidString)").path

  private func make(_ paths: String...) throws {
    for path in paths {
      try FileManager.default.createDirectory(atPath: folder + "/" + path, withIntermediateDirectories: true)
      try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/" + path + "/config.json"))
    }
  }

  private func resolve(_ argument: String?) throws -> (present: [SystemSpecification], absent: String?) {
    try SystemSpecification.resolve(argument, unified: folder + "/spud-nano", directory: folder)
  }

  @Test("without a list, every system whose models are there")
  func defaults() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(throws: SpudError.self) { _ = try resolve(nil) }
    try make("spud-nano")
    #expect(try resolve(nil).present.map(\.id) == ["unified", "pipeline-shared"])
    try make("pipeline/vision", "pipeline/hearing", "pipeline/language", "dense-active")
    #expect(
      try resolve(nil).present.map(\.id) == [
        "unified", "pipeline-shared", "pipeline-specialists", "pipeline-parallel", "dense-active",
      ])
    #expect(
      try resolve(nil).absent == """
        Not measured, for there are no such models: pipeline-large (\(folder)/pipeline-large/vision), dense-total \
        (\(folder)/dense-total).
        """)
  }

  @Test("what the models say they were trained on is told, each model once, and not guessed")
  func trainingTokens() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try make("spud-nano", "pipeline/vision", "pipeline/hearing", "pipeline/language")
    func train(_ path: String, _ tokens: Int) throws {
      try Data("{\"tokens\": \(tokens)}".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(path)/training.json"))
    }
    try train("spud-nano", 22_200_000)
    try train("pipeline/vision", 6_000_000)
    try train("pipeline/hearing", 4_000_000)
    #expect(SystemSpecification.trainingRemark(try resolve(nil).present) == nil)
    try train("pipeline/language", 5_100_000)
    let systems = try resolve(nil).present
    #expect(systems.first { $0.id == "pipeline-shared" }?.trainingTokens == 22_200_000)
    let remark = try #require(SystemSpecification.trainingRemark(systems))
    #expect(remark.hasPrefix("Trained on, in millions of tokens: unified 22.2, pipeline-specialists 15.1."))
  }

  @Test("a model that is not there, or a name that is not known, is said before anything runs")
  func missing() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try make("spud-nano")
    #expect(try resolve("unified, pipeline-shared").present.count == 2)
    #expect(
      throws: SpudError(
        .noInput, "the system dense-total needs a model at \(folder)/dense-total, which is not there")
    ) { _ = try resolve("unified,dense-total") }
    #expect { _ = try resolve("best") } throws: { ($0 as? SpudError)?.code == .usage }
    #expect { _ = try resolve("unified,unified") } throws: {
      ($0 as? SpudError)?.message.contains("named twice") == true
    }
    #expect { _ = try resolve("") } throws: { ($0 as? SpudError)?.code == .usage }
    #expect { _ = try resolve("none.json") } throws: { ($0 as? SpudError)?.code == .noInput }
  }

  @Test("a file names other directories, relative to itself, and other words between the modules")
  func file() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try make("mine", "eye", "ear")
    let path = folder + "/systems.json"
    try Data(
      """
      {"systems": [{"kind": "unified", "model": "mine"},
       {"id": "theirs", "kind": "pipeline-specialists", "vision": "eye", "hearing": "ear", "language": "mine",
        "describe_image": "what is there?", "describe_frame": "what is there now?"},
       {"id": "plumbed", "kind": "pipeline-shared", "model": "mine"}]}
      """.utf8
    ).write(to: URL(fileURLWithPath: path))
    let systems = try resolve(path).present
    #expect(systems.map(\.id) == ["unified", "theirs", "plumbed"])
    #expect(
      systems[1].models
        == .pipeline(vision: folder + "/eye", hearing: folder + "/ear", language: folder + "/mine"))
    #expect(systems[1].prompts.describeImage == "what is there?")
    #expect(systems[1].prompts.request(for: .frame(path: "f", number: 1)) == "what is there now?")
    #expect(systems[1].prompts.request(for: .soundtrack(path: "f")) == "describe the sound.")
    #expect(Set(systems[2].models.paths) == [folder + "/mine"])
    try Data(#"{"systems": [{"kind": "magic"}]}"#.utf8).write(to: URL(fileURLWithPath: path))
    #expect { _ = try resolve(path) } throws: { error in
      (error as? SpudError)?.message.contains("system 1: 'kind' should be one of unified") == true
    }
  }

  @Test("what a model costs is counted from its configuration")
  func shape() {
    // By hand: attention 4·(2·4 + 2·2)·8 = 384, router 8·6 = 48, an expert 3·8·5 = 120; two layers; vocabulary 10·8 =
    // 80.
    let shape = ModelShape(
      vocabulary: 10, modelWidth: 8, layers: 2, heads: 4, keyValueHeads: 2, headWidth: 4, feedForwardWidth: 5,
      experts: 6, expertsPerToken: 2, sharesEmbedding: false)
    #expect(shape.parameters == 2 * (384 + 48 + 6 * 120) + 160)
    #expect(shape.activeParameters == 2 * (384 + 48 + 2 * 120) + 80)
    #expect(shape.flopsPerToken == 2 * shape.activeParameters)
    #expect(shape.bytesPerToken == 2 * shape.activeParameters)
  }

  @Test("of a pipeline all parameters are counted, and what a token costs is that of the module that answers")
  func card() {
    func shape(_ width: Int) -> ModelShape {
      ModelShape(
        vocabulary: 10, modelWidth: width, layers: 1, heads: 1, keyValueHeads: 1, headWidth: width, feedForwardWidth: 4,
        experts: 0, expertsPerToken: 0, sharesEmbedding: false)
    }
    let card = ModelRegistry.card(
      SystemSpecification(
        id: "p", kind: .pipelineSpecialists, models: .pipeline(vision: "v", hearing: "h", language: "l")),
      [shape(8), shape(16), shape(4)], answering: shape(4), cores: 2)
    #expect(card.parameters == shape(8).parameters + shape(16).parameters + shape(4).parameters)
    #expect(card.activeParameters == shape(4).activeParameters)
    #expect(card.flopsPerToken == 2 * card.activeParameters && card.bytesPerToken == 2 * card.activeParameters)
  }

  @Test("a run that begins its data anew where the others do not saw other batches from there on")
  func strayed() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // All go on to other data between 300 and 400 tokens; one began anew at 200, too.
    let csvs = [
      "first": "tokens,loss,epochs\n100,3,0.1\n200,3,0.2\n300,2,0.3\n400,1,0.05\n",
      "second": "tokens,loss,epochs\n100,3,0.1\n250,3,0.25\n310,2,0.3\n390,1,0.04\n400,1,0.05\n",
      "resumed": "tokens,loss,epochs\n100,3,0.1\n200,3,0.05\n300,2,0.15\n400,1,0.05\n",
    ]
    for (name, csv) in csvs {
      try Data(
        #"""
        {"vocab_size":10,"hidden_size":8,"num_hidden_layers":2,"num_attention_heads":4,"head_dim":4,
        "intermediate_size":10}
        """#.utf8
      ).write(to: URL(fileURLWithPath: "\(folder)/\(name).json"))
      try Data(csv.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).csv"))
    }
    let runs = try ControlRun.load(directory: folder)
    #expect(runs.map(\.name) == ["first", "resumed", "second"])
    #expect(runs.map(\.strayedAt) == [nil, 100, nil])
    #expect(
      ControlRun.remark(runs).hasPrefix(" resumed saw other batches than the other runs from about 100 of its 400"))
    #expect(ControlRun.remark(runs.filter { $0.strayedAt == nil }).isEmpty)
    #expect(ControlRun.strayed([1...2], others: []) == nil)
  }

  @Test("training curves are compared at the tokens that all of them saw; a run of another length is left out")
  func controls() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect { try ControlRun.load(directory: folder) } throws: { ($0 as? SpudError)?.code == .noInput }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    #expect(try ControlRun.load(directory: folder).isEmpty)
    let common = #""vocab_size":10,"hidden_size":8,"num_hidden_layers":2,"num_attention_heads":4,"head_dim":4"#
    for (name, rest, csv) in [
      ("dense", #""intermediate_size":10"#, "tokens,loss\n100,3\n200,2\n210,1\n"),
      ("long", #""intermediate_size":10"#, "tokens,loss\n200,3\n900,0.1\n"),
      ("moe", #""num_experts":6,"num_experts_per_tok":2,"moe_intermediate_size":5"#, "tokens,loss\n100,2.5\n200,1.5\n"),
    ] {
      try Data("{\(common),\(rest)}".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).json"))
      try Data(csv.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).csv"))
    }
    let runs = try ControlRun.load(directory: folder)
    #expect(runs.map(\.name) == ["dense", "moe"])
    #expect(runs.map(\.isDense) == [true, false])
    #expect(runs.map(\.tokens) == [200, 200])
    #expect(runs.map(\.loss) == [2, 1.5])
    #expect(runs.map(\.runs) == [1, 1])
    // Another seed of it; a curve without a configuration is none.
    for name in ["moe-2", "notes-2"] {
      try Data("tokens,loss\n100,2.5\n200,1.7\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).csv"))
    }
    let seeds = try ControlRun.load(directory: folder)
    #expect(seeds.map(\.name) == ["dense", "moe"] && seeds.map(\.runs) == [1, 2])
    #expect(abs(seeds[1].loss - 1.6) < 1e-12)
    // The same active size: one feed-forward of 10 against two experts of 5, but for the router.
    #expect(runs[1].activeParameters - runs[0].activeParameters == 2 * 8 * 6)
    try Data("tokens\n".utf8).write(to: URL(fileURLWithPath: folder + "/dense.csv"))
    #expect { try ControlRun.load(directory: folder) } throws: { error in
      (error as? SpudError)?.message.contains("dense.csv") == true
    }
  }
}
