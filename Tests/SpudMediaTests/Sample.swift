import Foundation
import SpudMedia

/// Inputs that tests make for themselves.
enum Sample {
  /// Reproducible noise: every pixel independent.
  static func noise(width: Int, height: Int, seed: UInt64 = 1) -> RGBImage {
    var state = seed
    let pixels = (0..<width * height * 3).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(state >> 56)
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Three partials that fade in and out, with a little noise beneath.
  static func chord(seconds: Double, rate: Int = 16_000) -> Waveform {
    let count = Int(seconds * Double(rate))
    var state: UInt64 = 7
    let samples = (0..<count).map { index -> Float in
      let time = Double(index) / Double(rate)
      let envelope = sin(.pi * Double(index) / Double(count))
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let noise = Double(state >> 40) / Double(1 << 24) - 0.5
      let tones = sin(2 * .pi * 220 * time) + 0.5 * sin(2 * .pi * 997 * time) + 0.25 * sin(2 * .pi * 3_100 * time)
      return Float(envelope * 0.3 * tones + 0.002 * noise)
    }
    return Waveform(samples: samples, sampleRate: rate)
  }

  /// Runs `body` with a fresh directory, removed afterwards.
  static func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try body(directory)
  }
}
