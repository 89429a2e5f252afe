// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "spud-benchmarks",
  dependencies: [
    .package(name: "spud", path: ".."),
    // Without traits it needs no jemalloc; its malloc counts then read 0.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Kernels",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"), .product(name: "SpudKernelBenchmarks", package: "spud"),
      ],
      // The plugin looks for targets whose parent directory is named Benchmarks.
      path: "Kernels", plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    .executableTarget(
      name: "Roofline", dependencies: [.product(name: "SpudKernelBenchmarks", package: "spud")],
      path: "Sources/Roofline"),
    .executableTarget(
      name: "Experts", dependencies: [.product(name: "SpudKernelBenchmarks", package: "spud")],
      path: "Sources/Experts"),
  ]
)
