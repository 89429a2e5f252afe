internal import COpenBLAS

/// The BLAS library that this process has loaded.
package enum OpenBLAS {
  /// Its version, how it was built, and the processor whose kernels it chose.
  package static let description: String = {
    // SAFETY: both return C strings that live as long as the process.
    let configuration = unsafe String(cString: openblas_get_config())
    let core = unsafe String(cString: openblas_get_corename())
    return configuration.split(separator: " ").prefix(2).joined(separator: " ") + ", kernels for \(core)"
  }()
}
