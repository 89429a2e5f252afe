package import SpudKernels
internal import SpudTensors

/// What a model's files hold, type by type, and how it was taken into memory.
package struct StoredWeights: Sendable, Equatable {
  /// The tensors of one type that were taken in one way.
  package struct Group: Sendable, Equatable {
    /// What the files call the type of their elements.
    package let type: String
    /// How memory holds them.
    package let format: WeightFormat
    package var tensors = 0
    package var parameters = 0
    /// Bytes in the files.
    package var bytes = 0

    /// Whether memory holds them in more bits than the files do, since there are no panels of their own for them.
    package var isWidened: Bool { format.bytesPerWeight * Double(parameters) > 1.1 * Double(bytes) }
  }

  /// In the order in which they were met.
  package private(set) var groups: [Group] = []

  mutating func count(_ tensor: TensorInfo, as format: WeightFormat) {
    let type = tensor.origin ?? tensor.elementType.rawValue
    let known = groups.firstIndex { $0.type == type && $0.format == format }
    let place = known ?? groups.endIndex
    if known == nil { groups.append(Group(type: type, format: format)) }
    groups[place].tensors += 1
    groups[place].parameters += tensor.elementCount
    groups[place].bytes += tensor.byteRange.count
  }
}
