// swift-tools-version: 6.2
import PackageDescription

// A package as a stranger writes it: `run` puts the snippet of README.md into it, builds it and runs it.
let package = Package(
  name: "outside",
  dependencies: [.package(name: "spud", path: "../..")],
  targets: [
    .executableTarget(
      name: "Snippet", dependencies: [.product(name: "SpudInference", package: "spud")], path: ".build/Snippet",
      swiftSettings: [.enableUpcomingFeature("MemberImportVisibility")])
  ]
)
