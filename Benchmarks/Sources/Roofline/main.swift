// Times a decoder of random weights against what the machine can do:
//
//   swift run -c release Roofline [olmoe|toy] [q8_0|q4_0|q4_k|…|bf16|f32] [layers] [avx512|avx2|portable] [threads]
import SpudKernelBenchmarks

let arguments = CommandLine.arguments
let isToy = arguments.count > 1 && arguments[1] == "toy"
var shape = isToy ? SyntheticDecoder.Shape.toy : .olmoe(layers: 4)
var options = SyntheticDecoder.Options()
if arguments.count > 2 { options.format = arguments[2] }
if arguments.count > 3, let layers = Int(arguments[3]) { shape.layers = layers }
if arguments.count > 4 { options.instructionSet = arguments[4] }
if arguments.count > 5, let threads = Int(arguments[5]) { options.threads = threads }
options.capacity = 4096 + 64
let decoder = try SyntheticDecoder(shape: shape, options: options)

func padded(_ value: Double, _ digits: Int = 1) -> String {
  var power = 1.0
  for _ in 0..<digits { power *= 10 }
  return "\((value * power).rounded() / power)"
}

/// The median of `runs` timings in seconds.
func median(runs: Int, _ body: () throws -> Void) rethrows -> Double {
  try body()
  var times: [Double] = []
  for _ in 0..<runs {
    let time = try ContinuousClock().measure { try body() }
    times.append(Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
  }
  return times.sorted()[runs / 2]
}

let limits = try decoder.limits()
print(
  "read \(padded(limits.readGigabytesPerSecond)) GB/s, peak \(padded(limits.peakGops)) GOP/s, "
    + "fork and join \(padded(limits.forkJoinNanoseconds)) ns"
)
for tokens in [1, 4, 8, 16, 32, 128, 512] where tokens > 1 {
  let time = try median(runs: 5) {
    try decoder.setDepth(0)
    try decoder.forward(tokensPerSequence: tokens)
  }
  let operations = 2 * Double(shape.multiplyAddsPerToken * tokens)
  print(
    "prefill \(tokens): \(padded(Double(tokens) / time)) tokens/s, \(padded(operations / time / 1e9)) GOP/s, "
      + "\(padded(100 * operations / time / 1e9 / limits.peakGops)) % of the peak"
  )
}
for depth in [0, 4096] {
  let time = try median(runs: 21) {
    try decoder.setDepth(depth)
    try decoder.forward(tokensPerSequence: 1)
  }
  let bytes = Double(decoder.bytesPerToken + decoder.cacheBytes(length: depth))
  print(
    "decode at \(depth): \(padded(1 / time)) tokens/s, \(padded(bytes / time / 1e9)) GB/s, "
      + "\(padded(100 * bytes / time / 1e9 / limits.readGigabytesPerSecond)) % of the bandwidth"
  )
}
