import Foundation
import SpudErrors
import SpudQuantizer
import SpudMedia
import Testing

@testable import SpudTokens

@Suite("Image codes")
struct ImageCodecTests {
  let codec: ImageCodec

  init() throws { codec = try SmallModel.shared.get().tokenizer.imageCodec }

  @Test("a flat scene survives with 24 codes at 20 dB or better, and a codebook of all patches loses nothing")
  func roundTrip() throws {
    let pictures = (0..<10).map { scene(seed: UInt64($0)) }
    #expect(try codec.peakSignalToNoise(over: pictures) > 20)

    let one = scene(seed: 99)
    var recipe = ImageCodec.Recipe()
    var distinct: Set<[UInt8]> = []
    for top in stride(from: 0, to: 64, by: 8) {
      for left in stride(from: 0, to: 64, by: 8) {
        distinct.insert((0..<8).flatMap { y in (0..<24).map { one.pixels[((top + y) * 64 + left) * 3 + $0] } })
      }
    }
    recipe.codeCount = distinct.count
    let exact = try ImageCodec.fit(recipe: recipe) { use in _ = use(one) }
    #expect(ImageCodec.peakSignalToNoise(one, try exact.decode(exact.encode(one))) > 45)
  }

  @Test("PSNR is what its formula says")
  func ratio() {
    let black = RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 0, count: 192))
    let grey = RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 51, count: 192))
    // 10 log10(255² / 51²) = 20 log10 5
    #expect(abs(ImageCodec.peakSignalToNoise(black, grey) - 13.979400) < 1e-5)
    #expect(ImageCodec.peakSignalToNoise(grey, grey) == .infinity)
  }

  @Test(
    "pictures are coded at their size, or with a longest side of 64, in whole patches",
    arguments: [
      (64, 64, 8, 8), (128, 128, 16, 16), (8, 8, 1, 1), (1, 1, 1, 1), (60, 30, 4, 8), (129, 129, 8, 8),
      (640, 480, 6, 8), (1000, 10, 1, 8), (10, 1000, 8, 1), (128, 8, 1, 16),
    ])
  func sizes(width: Int, height: Int, rows: Int, columns: Int) throws {
    let picture = RGBImage(width: width, height: height, pixels: [UInt8](repeating: 200, count: width * height * 3))
    let codes = codec.encode(picture)
    #expect(codes.height == rows && codes.width == columns)
    let copy = try codec.decode(codes)
    #expect(copy.width == columns * 8 && copy.height == rows * 8)
  }

  @Test(
    "a picture keeps its shape with patches of any size",
    arguments: [
      (100, 50, 2, 64, 32), (64, 32, 2, 64, 32), (66, 66, 2, 64, 64), (1000, 500, 3, 63, 33), (120, 60, 3, 63, 33),
      (96, 48, 3, 96, 48), (64, 64, 1, 32, 32), (128, 64, 4, 128, 64), (129, 64, 4, 64, 32),
    ])
  func shape(width: Int, height: Int, patch: Int, codedWidth: Int, codedHeight: Int) {
    let size = ImageCodec.fittingSize(width: width, height: height, patch: patch)
    #expect(size.width == codedWidth && size.height == codedHeight)
  }

  @Test("a patch's code does not depend on the other patches")
  func local() {
    let wide = scene(width: 128, height: 64, seed: 5)
    var halves: [[UInt8]] = [[], []]
    for y in 0..<64 {
      for half in 0..<2 {
        let first = (y * 128 + half * 64) * 3
        halves[half] += wide.pixels[first..<first + 192]
      }
    }
    let whole = codec.encode(wide).codes
    for half in 0..<2 {
      let codes = codec.encode(RGBImage(width: 64, height: 64, pixels: halves[half])).codes
      for index in 0..<64 { #expect(codes[index] == whole[index / 8 * 16 + half * 8 + index % 8]) }
    }
  }

  @Test("the same seed fits the same codebook")
  func repeatable() throws {
    let again = try SmallModel.imageCodec()
    let picture = scene(seed: 7)
    #expect(again.encode(picture) == codec.encode(picture))
    #expect(try again.decode(again.encode(picture)) == codec.decode(codec.encode(picture)))
  }

  @Test("a code outside the codebook is refused")
  func refusesForeignCodes() {
    #expect(throws: SpudError(.badData, "image code 24 is outside the codebook's 0..<24")) {
      try codec.decode(ImageCodes(height: 1, width: 1, codes: [24]))
    }
    #expect(throws: SpudError.self) { try codec.decode(ImageCodes(height: 1, width: 1, codes: [-1])) }
  }

  @Test("a picture that the first codes miss gets second ones and comes back better; others stay as short as they were")
  func refines() throws {
    let refining = try SmallModel.refiningCodec()
    let picture = stripes()
    let (coarse, fine) = (refining.encode(picture, mayRefine: false), refining.encode(picture))
    #expect(coarse.residuals.isEmpty && fine.residuals.count == 16 && fine.codes == coarse.codes)
    let before = ImageCodec.peakSignalToNoise(picture, try refining.decode(coarse))
    #expect(ImageCodec.peakSignalToNoise(picture, try refining.decode(fine)) > before + 6)
    let paper = RGBImage(width: 64, height: 64, pixels: [UInt8](repeating: 232, count: 64 * 64 * 3))
    #expect(refining.encode(paper) == codec.encode(paper) && refining.encode(paper).residuals.isEmpty)
    #expect(codec.encode(picture).residuals.isEmpty)
  }

  @Test("three patches that are missed are not enough, four are")
  func countsMissedPatches() throws {
    let refining = try SmallModel.refiningCodec()
    for patches in [3, 4] {
      var pixels = [UInt8](repeating: 232, count: 64 * 8 * 3)
      let shown = stripes(width: patches * 8, height: 8)
      for y in 0..<8 {
        for x in 0..<patches * 24 { pixels[y * 192 + x] = shown.pixels[y * patches * 24 + x] }
      }
      #expect(refining.encode(RGBImage(width: 64, height: 8, pixels: pixels)).residuals.isEmpty == (patches == 3))
    }
  }

  @Test("a residual code outside the codebook is refused")
  func refusesForeignResiduals() throws {
    let refining = try SmallModel.refiningCodec()
    #expect(throws: SpudError(.badData, "residual code 16 is outside the codebook's 0..<16")) {
      try refining.decode(ImageCodes(height: 1, width: 1, codes: [0], residuals: [16]))
    }
    #expect(throws: SpudError.self) {
      try codec.decode(ImageCodes(height: 1, width: 1, codes: [0], residuals: [0]))
    }
  }

  @Test("fewer distinct patches than codes is an error that says so")
  func tooFewPatches() {
    #expect(throws: SpudError.self) {
      try ImageCodec.fit(recipe: .init()) { use in _ = use(scene(seed: 1)) }
    }
  }
}

@Suite("Sound codes")
struct AudioCodecTests {
  let codec: AudioCodec

  init() throws { codec = try SmallModel.shared.get().tokenizer.audioCodec }

  @Test("a tone comes back with its pitch, length and spectrum")
  func roundTrip() throws {
    let original = tone(600, seconds: 0.8)
    let codes = try codec.encode(original)
    #expect(codes.frames == 20 && codes.levels == 2)
    let copy = try codec.decode(codes)
    #expect(copy.samples.count == 12_800 && copy.sampleRate == 16_000)
    #expect(try codec.logSpectralDistance(over: [original]) < 8)
    let crossings = zip(copy.samples[3200..<9600], copy.samples[3201..<9601]).count { $0 < 0 && $1 >= 0 }
    #expect(abs(Double(crossings) / 0.4 - 600) < 60)
  }

  @Test("a recording ends in whole frames", arguments: [(0, 0), (1, 1), (639, 1), (640, 1), (641, 2), (16_000, 25)])
  func frames(samples: Int, frames: Int) throws {
    let codes = try codec.encode(Waveform(samples: [Float](repeating: 0.1, count: samples), sampleRate: 16_000))
    #expect(codes.frames == frames)
    #expect(try codec.decode(codes).samples.count == frames * 640)
  }

  @Test("loudness does not change the codes", arguments: [Float(0.003), 0.02, 0.9])
  func loudness(level: Float) throws {
    let reference = try codec.encode(tone(900, seconds: 0.4))
    let codes = try codec.encode(tone(900, seconds: 0.4, level: level))
    let same = zip(codes.codes, reference.codes).count { $0 == $1 }
    #expect(same >= reference.codes.count - 1)
  }

  @Test("what is nearly silent is amplified by 40 dB and no more")
  func largestGain() {
    let hiss = (0..<16_000).map { Float($0 % 2 == 0 ? 1e-5 : -1e-5) }
    let louder = AudioCodec.normalized(hiss)
    #expect(zip(hiss, louder).allSatisfy { abs($1 / $0 - AudioCodec.largestGain) < 0.01 })
    // Just loud enough to be brought to the usual level by less.
    let whisper = AudioCodec.normalized(hiss.map { $0 * 100 })
    #expect(whisper.allSatisfy { abs(abs($0) - AudioCodec.activeLevel) < 1e-4 })
  }

  @Test("silence stays silence")
  func silence() throws {
    let silence = Waveform(samples: [Float](repeating: 0, count: 6400), sampleRate: 16_000)
    let copy = try codec.decode(try codec.encode(silence))
    #expect(copy.samples.allSatisfy { abs($0) < 1e-3 })
  }

  @Test("samples that are not numbers are taken as silence")
  func notNumbers() throws {
    var waveform = tone(500, seconds: 0.2)
    waveform.samples[100] = .nan
    waveform.samples[101] = .infinity
    let codes = try codec.encode(waveform)
    #expect(codes.frames == 5)
  }

  @Test("other rates are brought to 16 kHz")
  func otherRates() throws {
    let slow = Waveform(
      samples: (0..<8000).map { 0.25 * sin(2 * .pi * 600 * Float($0) / 8000) }, sampleRate: 8000)
    #expect(try codec.encode(slow).frames == 25)
  }

  @Test("codes outside the codebook, and the wrong number of levels, are refused")
  func refusesForeignCodes() {
    #expect(throws: SpudError.self) { try codec.decode(AudioCodes(levels: 2, codes: [0, 16])) }
    #expect(throws: SpudError.self) { try codec.decode(AudioCodes(levels: 2, codes: [-1, 0])) }
    #expect(throws: SpudError.self) { try codec.decode(AudioCodes(levels: 3, codes: [0, 0, 0])) }
  }

  @Test("codes for a longer sound than any that is read are refused")
  func refusesEndlessSound() {
    let frames = AudioCodec.longestSeconds * AudioCodec.framesPerSecond
    let error = #expect(throws: SpudError.self) {
      try codec.decode(AudioCodes(levels: 2, codes: [Int32](repeating: 0, count: 2 * (frames + 1))))
    }
    #expect(error?.code == .badData)
    #expect(error?.message.contains("15001 frames") == true)
  }

  @Test("log-spectral distance is zero to itself, and in decibels")
  func distance() throws {
    let sound = tone(700, seconds: 0.4)
    #expect(try AudioCodec.logSpectralDistance(sound, sound) == 0)
    #expect(try AudioCodec.logSpectralDistance(sound, tone(1400, seconds: 0.4)) > 5)
  }
}
