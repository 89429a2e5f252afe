internal import CSpudKernels
internal import SpudErrors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An instruction-set level that has its own kernels, least preferred first.
package enum InstructionSet: String, CaseIterable, Sendable {
  /// The kernels of AVX-512 with its instructions in C, for tests, which link them; slow.
  case emulatedAVX512 = "avx512-emulated"
  /// The same of AMX.
  case emulatedAMX = "amx-emulated"
  case portable
  /// With ARMv8.2's dot product.
  case neon
  /// With ARMv8.6's products of bytes of mixed sign besides.
  case neonI8MM = "neon-i8mm"
  case avx2
  case avx512
  /// AVX-512, and tiles of bfloat16 for positions that were read; see `RowMarks`.
  case amx

  /// Whether this processor can run the level's kernels.
  package var isSupported: Bool {
    switch self {
    case .emulatedAVX512: unsafe spud_kernels_avx512_emulated() != nil
    case .emulatedAMX: unsafe spud_kernels_amx_emulated() != nil
    case .portable: true
    case .neon: spud_cpu_has_neon() != 0
    case .neonI8MM: spud_cpu_has_neon_i8mm() != 0
    case .avx2: spud_cpu_has_avx2() != 0
    case .avx512: spud_cpu_has_avx512() != 0
    case .amx: spud_cpu_has_amx() != 0
    }
  }

  /// Every level that this processor can run; never empty.
  package static let supported = allCases.filter(\.isSupported)

  /// The best level that this processor can run.
  package static let best = supported.last ?? .portable

  /// The level that the environment's `SPUD_INSTRUCTION_SET` names, or the best one.
  ///
  /// - Throws: `SpudError` when the variable names no level, or one that this processor cannot run.
  package static func selected() throws -> InstructionSet {
    guard let value = unsafe getenv("SPUD_INSTRUCTION_SET") else { return best }
    let name = unsafe String(cString: value)
    guard let level = InstructionSet(rawValue: name), level.isSupported else {
      let choices = supported.map(\.rawValue).joined(separator: ", ")
      throw SpudError(.usage, "SPUD_INSTRUCTION_SET is '\(name)', but this processor runs \(choices).")
    }
    return level
  }

  /// The table of the level's kernels.
  var kernels: UnsafePointer<spud_kernels> {
    let table =
      switch self {
      case .emulatedAVX512: unsafe spud_kernels_avx512_emulated()
      case .emulatedAMX: unsafe spud_kernels_amx_emulated()
      case .portable: unsafe spud_kernels_portable()
      case .neon: unsafe spud_kernels_neon()
      case .neonI8MM: unsafe spud_kernels_neon_i8mm()
      case .avx2: unsafe spud_kernels_avx2()
      case .avx512: unsafe spud_kernels_avx512()
      case .amx: unsafe spud_kernels_amx()
      }
    guard let table = unsafe table else { preconditionFailure("\(rawValue) is not compiled for this processor") }
    return unsafe table
  }
}
