// swift-tools-version: 6.2
import PackageDescription

// One list for every Swift target; nothing is set per target.
let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  // Span-returning properties, and Span overloads of annotated C functions.
  .enableExperimentalFeature("Lifetimes"),
  .enableExperimentalFeature("SafeInteropWrappers"),
]

/// A system library: one module map, found by pkg-config, installed by the Debian package named.
func system(_ name: String, pkgConfig: String?, apt: String) -> Target {
  .systemLibrary(name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// A module of ours; it may import what it lists and nothing else.
func module(_ name: String, imports: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: imports, swiftSettings: settings,
    linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))])
}

/// The tests of a module. `data` names folders of theirs that are no sources, which they find by `#filePath`.
func tests(of name: String, imports: [Target.Dependency] = [], data: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + imports,
    exclude: data, swiftSettings: settings)
}

/// A product that only the trait `Server` needs.
func server(_ product: String, of package: String) -> Target.Dependency {
  .product(name: product, package: package, condition: .when(traits: ["Server"]))
}

let package = Package(
  name: "spud",
  products: [
    .executable(name: "spud", targets: ["spud"]),
    // Drives a browser in a sandbox; `Scripts/install agent` builds it, and `spud agent`, `portal` and `miniwob`
    // start it.
    .executable(name: "spud-agent", targets: ["spud-agent"]),
    // What its interface is made of, too: formats, pictures, sounds, errors.
    .library(
      name: "SpudInference", targets: ["SpudInference", "SpudTokens", "SpudKernels", "SpudMedia", "SpudErrors"]),
    // Speaks HTTP where the trait `Server` is on, as in `Scripts/install server`.
    .executable(name: "spud-server", targets: ["spud-server"]),
    // What the package in Benchmarks/ times.
    .library(name: "SpudKernelBenchmarks", targets: ["SpudKernelBenchmarks"]),
  ],
  traits: [
    .trait(name: "Server", description: "Builds spud-server, which needs hummingbird and swift-nio.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Used by the trait `Server` alone, and not even fetched without it.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  // In the order of the layers: a target depends only on targets above it.
  targets: [
    system("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
    system("CLAPACKE", pkgConfig: "lapacke", apt: "liblapacke-dev"),
    system("CPNG", pkgConfig: "libpng", apt: "libpng-dev"),
    system("CJPEG", pkgConfig: "libturbojpeg", apt: "libturbojpeg0-dev"),
    system("CSndfile", pkgConfig: "sndfile", apt: "libsndfile1-dev"),
    system("CSampleRate", pkgConfig: "samplerate", apt: "libsamplerate0-dev"),
    system("CEdit", pkgConfig: "libedit", apt: "libedit-dev"),
    system("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
    system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
    // kissfft's pkg-config file defines macros, which the package manager refuses with a warning; none is needed.
    system("CKissFFT", pkgConfig: nil, apt: "libkissfft-dev"),
    // How files hold weights.
    .target(name: "CSpudBlocks"),
    .target(name: "CSpudKernels", dependencies: ["CSpudBlocks"], cSettings: [.define("_GNU_SOURCE")]),
    module("SpudErrors"),
    module("SpudSupport", imports: ["SpudErrors"]),
    module("SpudTensors", imports: ["CSpudBlocks", "SpudErrors", "SpudSupport"]),
    module("SpudGuardian", imports: ["SpudErrors", "SpudTensors"]),
    // Chat templates of checkpoints.
    module("SpudTemplates", imports: ["SpudErrors", "SpudTensors"]),
    // JSON Schema as a mask over tokens.
    module("SpudSchema", imports: ["SpudErrors", "SpudTensors"]),
    module("SpudQuantizer", imports: ["COpenBLAS", "CLAPACKE", "SpudErrors", "SpudSupport"]),
    module("SpudKernels", imports: ["CSpudBlocks", "CSpudKernels", "COpenBLAS", "SpudErrors", "SpudTensors"]),
    module("SpudKernelBenchmarks", imports: ["SpudQuantizer", "SpudTensors", "SpudKernels", "SpudSupport"]),
    module(
      "SpudMedia",
      imports: [
        "SpudErrors", "SpudSupport", "SpudTensors", "CPNG", "CJPEG", "CSndfile", "CSampleRate", "CKissFFT",
      ]),
    module("SpudTokens", imports: ["SpudErrors", "SpudSupport", "SpudMedia", "SpudTensors", "SpudQuantizer"]),
    // OpenAI's and Anthropic's forms; answers taken apart: thoughts, calls, stop strings.
    module("SpudProtocol", imports: ["SpudErrors", "SpudSupport", "SpudTensors", "SpudMedia", "SpudTokens"]),
    module("SpudModels", imports: ["SpudErrors", "SpudTensors", "SpudKernels"]),
    module(
      "SpudInference",
      imports: [
        "SpudErrors", "SpudSupport", "SpudMedia", "SpudTensors", "SpudKernels", "SpudTokens", "SpudModels",
        "SpudTemplates", "SpudSchema", "SpudProtocol",
      ]),
    // Pages and conversations, sealed on disk.
    module(
      "SpudMemory",
      imports: ["COpenSSL", "SpudErrors", "SpudSupport", "SpudTensors", "SpudKernels", "SpudModels", "SpudInference"]),
    module("SpudPipeline", imports: ["SpudErrors", "SpudMedia", "SpudTokens", "SpudInference"]),
    module(
      "SpudComparison",
      imports: [
        "SpudErrors", "SpudSupport", "SpudMedia", "SpudTensors", "SpudQuantizer", "SpudTokens", "SpudKernels",
        "SpudModels", "SpudInference", "SpudMemory", "SpudPipeline",
      ]),
    // Flags that more than one program reads: those of `spud serve`, and of a memory.
    module(
      "SpudOptions",
      imports: ["SpudErrors", "SpudMemory", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    // HTTP; empty where the trait `Server` is off.
    .target(
      name: "SpudServer",
      dependencies: [
        "SpudErrors", "SpudTensors", "SpudMedia", "SpudKernels", "SpudTokens", "SpudModels", "SpudInference",
        "SpudMemory",
        "SpudProtocol", "SpudOptions",
        server("HummingbirdCore", of: "hummingbird"), server("HTTPTypes", of: "swift-http-types"),
        server("Logging", of: "swift-log"), server("NIOCore", of: "swift-nio"), server("NIOPosix", of: "swift-nio"),
        server("NIOHTTP1", of: "swift-nio"),
      ],
      resources: [.copy("Resources")], swiftSettings: settings),
    .executableTarget(
      name: "spud-server",
      dependencies: [
        "SpudErrors", "SpudOptions", "SpudServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // A browser in a sandbox: pixels out, pointer and keys in.
    module("SpudBrowser", imports: ["SpudErrors", "SpudSupport", "SpudTensors", "SpudMedia"]),
    // An office to work in: forms, lists, tickets, and a judge of what was done.
    module("SpudPortal", imports: ["CSQLite", "SpudErrors", "SpudSupport"]),
    // Work with an outcome: a ticket's facts, hands, a gate, and tools on a copy of a folder.
    module(
      "SpudAgent",
      imports: [
        "SpudErrors", "SpudSupport", "SpudTensors", "SpudMedia", "SpudGuardian", "SpudKernels", "SpudModels",
        "SpudBrowser", "SpudPortal",
      ]),
    // Screens and actions as tokens, and the pages that measure them.
    module("SpudHands", imports: ["SpudErrors", "SpudTensors", "SpudMedia", "SpudBrowser"]),
    .executableTarget(
      name: "spud-agent",
      dependencies: [
        "SpudErrors", "SpudTensors", "SpudGuardian", "SpudKernels", "SpudModels", "SpudBrowser", "SpudPortal",
        "SpudAgent", "SpudHands",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "spud",
      dependencies: [
        "CEdit",
        "SpudErrors", "SpudSupport", "SpudMedia", "SpudTensors", "SpudGuardian", "SpudKernels", "SpudTokens",
        "SpudModels", "SpudInference", "SpudMemory", "SpudPipeline", "SpudComparison", "SpudOptions",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // Every parser, for `Scripts/fuzz`; built as it is, it replays the corpora.
    .executableTarget(
      name: "spud-fuzz",
      dependencies: [
        "SpudErrors", "SpudTensors", "SpudGuardian", "SpudTemplates", "SpudSchema", "SpudProtocol", "SpudQuantizer",
        "SpudMedia", "SpudTokens", "SpudModels",
      ],
      swiftSettings: settings),
    tests(of: "SpudSupport", imports: ["SpudErrors"]),
    tests(of: "SpudTensors", imports: ["SpudErrors", "SpudSupport"], data: ["Fixtures"]),
    tests(of: "SpudQuantizer", imports: ["SpudSupport"]),
    tests(of: "SpudGuardian", imports: ["SpudErrors", "SpudTensors"], data: ["Fixtures"]),
    tests(of: "SpudTemplates", imports: ["SpudErrors", "SpudTensors"], data: ["Fixtures"]),
    tests(of: "SpudSchema", imports: ["SpudErrors", "SpudTensors"], data: ["Fixtures"]),
    tests(of: "SpudProtocol", imports: ["SpudErrors", "SpudTensors", "SpudMedia", "SpudTokens"]),
    .target(name: "CAVX512Emulation", dependencies: ["CSpudKernels"], path: "Tests/CAVX512Emulation"),
    tests(of: "SpudKernels", imports: ["SpudSupport", "SpudTensors", "CSpudKernels", "CAVX512Emulation"]),
    tests(of: "SpudMedia", imports: ["SpudErrors", "SpudTensors"], data: ["Fixtures"]),
    tests(
      of: "SpudTokens", imports: ["SpudErrors", "SpudSupport", "SpudMedia", "SpudTensors", "SpudQuantizer"],
      data: ["Fixtures"]),
    tests(of: "SpudModels", imports: ["SpudErrors", "SpudTensors", "SpudKernels"], data: ["Fixtures", "Goldens"]),
    tests(
      of: "SpudInference",
      imports: ["SpudErrors", "SpudMedia", "SpudKernels", "SpudTokens", "SpudModels", "CAVX512Emulation"],
      data: ["Fixtures"]),
    tests(
      of: "SpudMemory",
      imports: ["SpudErrors", "SpudSupport", "SpudKernels", "SpudTokens", "SpudInference"]),
    tests(
      of: "SpudComparison",
      imports: ["SpudErrors", "SpudSupport", "SpudInference", "SpudMedia", "SpudPipeline", "SpudTokens"]),
    tests(of: "SpudBrowser", imports: ["SpudErrors", "SpudTensors", "SpudMedia"]),
    tests(of: "SpudPortal", imports: ["SpudErrors", "SpudSupport"]),
    tests(
      of: "SpudAgent",
      imports: ["SpudErrors", "SpudSupport", "SpudTensors", "SpudGuardian", "SpudBrowser", "SpudPortal"]),
    tests(
      of: "SpudHands", imports: ["SpudErrors", "SpudTensors", "SpudMedia", "SpudBrowser"], data: ["Fixtures"]),
    tests(of: "spud"),
  ],
  cLanguageStandard: .gnu17
)
