/// The directions in which data vary most, after Pearson (1901).
package struct PrincipalComponents: Sendable {
  package let mean: [Float]  // [columns]
  /// Unit vectors, the one of greatest variance first.
  package let components: Matrix  // [count, columns]
  package let variances: [Float]  // [count]
}
