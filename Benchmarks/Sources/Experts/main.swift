// A layer of experts alone, for peers/experts.py:
//
//   swift run -c release Experts WIDTH EXPERT_WIDTH EXPERTS USED TOKENS FORMAT RUNS [INSTRUCTION_SET]
//
// prints the seconds of each run, or with RUNS 0 the error against weights that were not rounded.
import Foundation
import SpudKernelBenchmarks

let arguments = CommandLine.arguments.dropFirst()
let sizes = arguments.compactMap { Int($0) }
guard arguments.count >= 7, sizes.count == 6 else {
  fatalError("Experts WIDTH EXPERT_WIDTH EXPERTS USED TOKENS FORMAT RUNS [INSTRUCTION_SET]")
}
let format = arguments[arguments.startIndex + 5]
let level = arguments.count > 7 ? arguments.last : nil
guard sizes[5] > 0 else {
  print(
    try ExpertsWorkload.error(
      experts: sizes[3], width: sizes[0], expertWidth: sizes[1], format: format, instructionSet: level))
  exit(0)
}
let workload = try ExpertsWorkload(
  tokens: sizes[4], experts: sizes[2], expertsPerToken: sizes[3], width: sizes[0], expertWidth: sizes[1],
  format: format, instructionSet: level, threads: 2)
for _ in 0..<3 { workload.run() }
for _ in 0..<sizes[5] {
  let time = ContinuousClock().measure { workload.run() }.components
  print(Double(time.seconds) + Double(time.attoseconds) * 1e-18)
}
