/// Whose kernels multiply.
public enum Backend: String, CaseIterable, Sendable {
  /// This project's own kernels, for the weights as they are stored.
  case native
  /// OpenBLAS for the products of float32 weights; everything else as `native`.
  case blas
}
