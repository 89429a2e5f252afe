internal import Foundation
internal import SpudErrors
internal import SpudMedia
internal import SpudQuantizer

/// A stream as a picture for people: every id a cell, coloured by modality, in the order in which the model reads them.
///
/// Text and control ids are tiles with their piece; image codes are in their grid, over the picture that they decode
/// to; a sound frame is a column with one cell per level, darker where the code is louder.
public struct StreamDrawing {
  private let tokenizer: StreamTokenizer
  private let width: Double

  /// - Parameters:
  ///   - tokenizer: that of the streams to draw.
  ///   - width: of the drawing, in pixels.
  public init(_ tokenizer: StreamTokenizer, width: Double = 880) {
    self.tokenizer = tokenizer
    self.width = width
  }

  /// The drawing as one SVG document that needs no other file.
  ///
  /// - Throws: `.badData` when `ids` hold image codes without their size.
  public func svg(_ ids: [Int32]) throws -> String {
    var layout = Layout(width: width)
    for item in try items(of: ids) { layout.place(item) }
    return layout.document(legend: legend(of: ids))
  }

  /// Something with a size that is set like a word: on the line while it fits, else on the next.
  private struct Item {
    var width: Double
    var height: Double
    /// SVG with its origin at the item's top left corner.
    var drawing: String
  }

  private func items(of ids: [Int32]) throws -> [Item] {
    let vocabulary = tokenizer.vocabulary
    var items: [Item] = []
    var sizes: [Int] = []
    var index = 0
    while index < ids.count {
      let id = ids[index]
      switch vocabulary.modality(of: id) {
      case .image:
        let area = sizes.count == 2 ? sizes[0] * sizes[1] : 0
        let residuals = ids[index...].prefix(area).prefix { vocabulary.residual.contains($0) }
          .map { $0 - vocabulary.residual.lowerBound }
        guard area > 0, residuals.isEmpty || residuals.count == area, area + residuals.count <= ids.count - index
        else {
          throw SpudError(.badData, "position \(index): image code without its height and width before it")
        }
        let codes = ids[(index + residuals.count)...].prefix(area).map { $0 - vocabulary.image.lowerBound }
        items.append(
          try picture(ImageCodes(height: sizes[0], width: sizes[1], codes: codes, residuals: residuals)))
        index += area + residuals.count
      case .audio:
        let most = 40 * vocabulary.audioLevels
        let run = ids[index...].prefix(most).prefix { vocabulary.audio.contains($0) }
        items.append(sound(Array(run)))
        index += run.count
      case .control:
        if let size = vocabulary.size(of: id) { sizes = sizes.suffix(1) + [size] }
        items.append(tile(tokenizer.piece(of: id), .control))
        index += 1
      case .text, nil:
        items.append(tile(tokenizer.piece(of: id).replacing(" ", with: "·").replacing("\n", with: "⏎"), .text))
        index += 1
      }
    }
    return items
  }

  private func tile(_ text: String, _ modality: Modality) -> Item {
    let width = Double(text.count) * 7.4 + 12
    return Item(
      width: width, height: 24,
      drawing: """
        <rect width="\(width)" height="24" rx="5" fill="\(Self.fill(modality))"/>\
        <text x="\(width / 2)" y="16.5" text-anchor="middle">\(Self.escaped(text))</text>
        """)
  }

  private func picture(_ codes: ImageCodes) throws -> Item {
    let cell = 15.0
    let width = Double(codes.width) * cell
    let height = Double(codes.height) * cell
    let data = Data(try tokenizer.imageCodec.decode(codes).pngData()).base64EncodedString()
    var lines = ""
    for column in 0...codes.width { lines += "M\(Double(column) * cell) 0v\(height)" }
    for row in 0...codes.height { lines += "M0 \(Double(row) * cell)h\(width)" }
    return Item(
      width: width, height: height,
      drawing: """
        <image width="\(width)" height="\(height)" style="image-rendering:pixelated" \
        href="data:image/png;base64,\(data)"/>\
        <path d="\(lines)" stroke="\(Self.stroke(.image))" fill="none"/>
        """)
  }

  private func sound(_ ids: [Int32]) -> Item {
    let levels = tokenizer.vocabulary.audioLevels
    let perLevel = tokenizer.vocabulary.codesPerLevel
    let (cellWidth, cellHeight) = (9.0, 22.0)
    var cells = ""
    for (index, id) in ids.enumerated() {
      let code = Int(id - tokenizer.vocabulary.audio.lowerBound)
      let level = code / perLevel
      let opacity = 0.15 + 0.85 * tokenizer.audioCodec.strength(ofCode: code % perLevel, level: level)
      cells += """
        <rect x="\(Double(index / levels) * cellWidth)" y="\(Double(level) * cellHeight)" width="\(cellWidth - 1)" \
        height="\(cellHeight - 1)" rx="1.5" fill="\(Self.stroke(.audio))" fill-opacity="\(Self.short(opacity))"/>
        """
    }
    return Item(
      width: Double((ids.count + levels - 1) / levels) * cellWidth, height: Double(levels) * cellHeight, drawing: cells)
  }

  private func legend(of ids: [Int32]) -> [Item] {
    let refines = ids.contains { tokenizer.vocabulary.residual.contains($0) }
    let names: [(Modality, String)] = [
      (.text, "text pieces"), (.control, "control tokens"),
      (.image, "image codes, one\(refines ? " or two" : "") a patch"),
      (.audio, "sound codes, \(tokenizer.vocabulary.audioLevels) every 40 ms"),
    ]
    return names.compactMap { modality, name in
      let count = ids.count { tokenizer.vocabulary.modality(of: $0) == modality }
      guard count > 0 else { return nil }
      let text = "\(count) \(name)"
      return Item(
        width: Double(text.count) * 7.4 + 34, height: 20,
        drawing: """
          <rect y="3" width="14" height="14" rx="3" fill="\(Self.fill(modality))" stroke="\(Self.stroke(modality))"/>\
          <text x="20" y="14.5">\(text)</text>
          """)
    }
  }

  private static func fill(_ modality: Modality) -> String {
    switch modality {
    case .text: "#d7e8fb"
    case .control: "#e6e6ea"
    case .image: "#d3efd9"
    case .audio: "#fbe0c4"
    }
  }

  private static func stroke(_ modality: Modality) -> String {
    switch modality {
    case .text: "#3b7dd8"
    case .control: "#8a8a96"
    case .image: "#3f9a56"
    case .audio: "#d9731a"
    }
  }

  private static func short(_ number: Double) -> String { String(Double(Int(number * 100)) / 100) }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      default:
        // XML has no place for control characters, not even escaped.
        if scalar.value < 32 || (0x7F...0x9F).contains(scalar.value) || (0xFFFE...0xFFFF).contains(scalar.value) {
          result += "\u{FFFD}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }

  /// Lines of items, each item centred on its line.
  private struct Layout {
    let width: Double
    private let margin = 16.0
    private let gap = 4.0
    private var lines: [[Item]] = [[]]
    private var used = 0.0

    init(width: Double) { self.width = width }

    mutating func place(_ item: Item) {
      if used > 0, used + item.width > width - 2 * margin {
        lines.append([])
        used = 0
      }
      lines[lines.count - 1].append(item)
      used += item.width + gap
    }

    func document(legend: [Item]) -> String {
      var body = ""
      var top = margin
      for line in lines + [legend] {
        let height = line.map(\.height).max() ?? 0
        var left = margin
        for item in line {
          body += "<g transform=\"translate(\(left) \(top + (height - item.height) / 2))\">\(item.drawing)</g>\n"
          left += item.width + gap
        }
        top += height + 10
      }
      let size = "\(Int(width)) \(Int(top + margin - 10))"
      return """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(Int(width))" \
        font-family="ui-monospace, Menlo, 'DejaVu Sans Mono', monospace" font-size="12" fill="#222">
        <rect width="100%" height="100%" rx="8" fill="#fff"/>
        \(body)</svg>

        """
    }
  }
}

extension AudioCodec {
  /// How strong a code is among those of its level, 0…1: loudness for the first, size of the correction for others.
  func strength(ofCode code: Int, level: Int) -> Double {
    let centres = codebook.levels[level].centres
    func value(_ row: Int) -> Float {
      let centre = centres[row: row]
      // The first principal component of speech is its loudness; codes are sorted along it.
      return level == 0 ? centre.first ?? 0 : centre.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    if level == 0 {
      let (low, high) = (value(0), value(centres.rows - 1))
      let share = high > low ? Double((value(code) - low) / (high - low)) : 0
      let louder = codebook.components[row: 0].reduce(0, +) >= 0
      return louder ? share : 1 - share
    }
    let most = (0..<centres.rows).map(value).max() ?? 0
    return most > 0 ? Double(value(code) / most) : 0
  }
}
