internal import CKissFFT

/// The discrete Fourier transform of real signals of one length, by kissfft.
///
/// Holds kissfft's scratch memory, so one instance serves one thread.
@safe
struct FourierTransform: ~Copyable {
  /// Length of the signal; even.
  let length: Int
  /// `length` / 2 + 1.
  var binCount: Int { length / 2 + 1 }

  private let forward: kiss_fftr_cfg
  private let inverse: kiss_fftr_cfg

  init(length: Int) {
    precondition(length > 0 && length % 2 == 0, "kissfft transforms real signals of even length, not \(length)")
    // SAFETY: with no memory given, kissfft allocates; we own both and free them in `deinit`.
    guard let forward = unsafe kiss_fftr_alloc(Int32(length), 0, nil, nil),
      let inverse = unsafe kiss_fftr_alloc(Int32(length), 1, nil, nil)
    else { preconditionFailure("out of memory for a Fourier transform of length \(length)") }
    self.length = length
    unsafe self.forward = forward
    unsafe self.inverse = inverse
  }

  deinit {
    // SAFETY: kissfft says that what it allocated is freed by the C library's `free`.
    unsafe free(UnsafeMutableRawPointer(forward))
    unsafe free(UnsafeMutableRawPointer(inverse))
  }

  /// - Parameters:
  ///   - signal: `[length]`.
  ///   - spectrum: `[binCount]`, overwritten.
  func transform(_ signal: [Float], into spectrum: inout [Complex]) {
    precondition(signal.count == length && spectrum.count == binCount)
    unsafe signal.withUnsafeBufferPointer { source in
      unsafe spectrum.withUnsafeMutableBytes { target in
        // SAFETY: counts were just checked, and `Complex` has the layout of `kiss_fft_cpx`: two floats.
        unsafe kiss_fftr(forward, source.baseAddress, target.assumingMemoryBound(to: kiss_fft_cpx.self).baseAddress)
      }
    }
  }

  /// The inverse transform, times `length`.
  ///
  /// - Parameters:
  ///   - spectrum: `[binCount]`.
  ///   - signal: `[length]`, overwritten.
  func invert(_ spectrum: [Complex], into signal: inout [Float]) {
    precondition(signal.count == length && spectrum.count == binCount)
    unsafe spectrum.withUnsafeBytes { source in
      unsafe signal.withUnsafeMutableBufferPointer { target in
        // SAFETY: as in `transform`.
        unsafe kiss_fftri(inverse, source.assumingMemoryBound(to: kiss_fft_cpx.self).baseAddress, target.baseAddress)
      }
    }
  }
}

/// A complex number, laid out as C libraries expect it.
struct Complex {
  var real: Float
  var imaginary: Float

  static let zero = Complex(real: 0, imaginary: 0)

  /// The squared magnitude.
  var power: Float { real * real + imaginary * imaginary }
}
