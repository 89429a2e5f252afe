// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "spud-benchmarks",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(name: "spud", path: ".."),
  ],
  targets: [
    .executableTarget(
      name: "Roofline", dependencies: [.product(name: "SpudKernelBenchmarks", package: "spud")], path: "Sources/Roofline"),
  ]
)
