import Foundation

// The few functions of the C library that the metrics need, spelt as properties so that no file but this one imports it
// for them.
extension Double {
  /// The natural logarithm.
  var logarithm: Double { log(self) }
  /// The logarithm to the base 10.
  var decimalLogarithm: Double { log10(self) }
  var exponential: Double { exp(self) }
  /// The part of a standard normal distribution that lies above this number.
  var normalTail: Double { erfc(self / 2.0.squareRoot()) / 2 }
  var cosine: Double { cos(self) }
  var sine: Double { sin(self) }

  /// This number raised to `exponent`.
  func raised(to exponent: Double) -> Double { pow(self, exponent) }
}
