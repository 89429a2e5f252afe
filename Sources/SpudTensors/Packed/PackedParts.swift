internal import SpudErrors

/// The stored parts of one matrix, found by their names and checked against each other.
struct PackedParts {
  let source: TensorSource
  /// What precedes the parts' own names.
  let stem: String

  /// The part of that name, if it is there.
  func optional(_ part: String) -> TensorInfo? { source[stem + part] }

  func part(_ part: String) throws -> TensorInfo {
    guard let tensor = optional(part) else {
      throw SpudError(
        .badData, "\(source.name): there is no tensor '\(stem)\(part)', which belongs to the others of it")
    }
    return tensor
  }

  /// Checks that a part has one of some shapes, and elements of one of some types.
  @discardableResult
  func check(_ tensor: TensorInfo, shapes: [[Int]], types: [ElementType]) throws -> TensorInfo {
    guard shapes.contains(tensor.shape) else {
      throw SpudError(
        .badData,
        "\(describe(tensor)) has shape \(tensor.shape), but the other parts imply "
          + shapes.map { "\($0)" }.joined(separator: " or "))
    }
    return try check(tensor, types: types)
  }

  @discardableResult
  func check(_ tensor: TensorInfo, types: [ElementType]) throws -> TensorInfo {
    guard types.contains(tensor.elementType) else {
      throw SpudError(
        .badData,
        "\(describe(tensor)) has elements of type \(tensor.elementType), but here they are "
          + types.map(\.rawValue).joined(separator: " or "))
    }
    return tensor
  }

  /// A matrix's two dimensions, neither of them nothing.
  func matrix(_ tensor: TensorInfo) throws -> (rows: Int, columns: Int) {
    guard tensor.shape.count == 2, tensor.shape[0] > 0, tensor.shape[1] > 0 else {
      throw SpudError(.badData, "\(describe(tensor)) has shape \(tensor.shape), but a matrix was expected")
    }
    return (tensor.shape[0], tensor.shape[1])
  }

  func describe(_ tensor: TensorInfo) -> String { "\(source.fileName(of: tensor.name)): tensor '\(tensor.name)'" }

  static let words: [ElementType] = [.i32, .u32]
  static let scales: [ElementType] = [.f16, .bf16, .f32]
}
