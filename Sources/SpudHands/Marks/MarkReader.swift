package import SpudBrowser
internal import SpudMedia

/// A screen taken apart: pixels to groups of marks, a mark being what stands out from the flat ground around it.
///
/// Everything is decided by comparing whole numbers, and equals `Scripts/training/hands/screen.py` mark by mark; the
/// rules are in the README beside it.
package struct MarkReader {
  /// Rows of the bar with the instruction, which is not looked at.
  package static let bar = 50
  /// A square of so many equal pixels a side is ground.
  private static let flat = 4
  /// Of a straight run of equal pixels so long, only the ends count.
  private static let long = 14, end = 3
  /// Per cent of the strongest column; a fainter one parts letters.
  private static let clear = 45

  let width: Int
  let height: Int
  /// `[height, width]`: 0xRRGGBB.
  let colours: [Int32]

  /// - Parameter rows: Of these rows of the screen.
  init(_ screen: Screen, rows: Range<Int>) {
    width = screen.width
    height = rows.count
    let pixels = screen.image.pixels
    var colours: [Int32] = []
    colours.reserveCapacity(width * rows.count)
    for place in rows.lowerBound * width..<rows.upperBound * width {
      let (red, green, blue) = (Int32(pixels[3 * place]), Int32(pixels[3 * place + 1]), Int32(pixels[3 * place + 2]))
      colours.append(red << 16 | green << 8 | blue)
    }
    self.colours = colours
  }

  /// The groups of a screen below the bar, in reading order, in the screen's coordinates.
  package static func read(_ screen: Screen) -> [MarkGroup] {
    guard screen.height > bar else { return [] }
    let reader = MarkReader(screen, rows: bar..<screen.height)
    let marks = reader.marks(reader.ink()).map { Mark($0.left, $0.top + bar, $0.right, $0.bottom + bar) }
    return groups(marks)
  }

  // MARK: - Ink

  /// Which pixels are flat ground: those of uniform squares, and what is joined to them, side by side, in the same
  /// colour.
  private func ground() -> [Bool] {
    var found = [Bool](repeating: false, count: colours.count)
    var open: [Int] = []
    let n = Self.flat
    for y in 0..<max(0, height - n + 1) {
      for x in 0..<max(0, width - n + 1) {
        let first = y * width + x
        let isUniform = (0..<n).allSatisfy { row in
          (0..<n).allSatisfy { colours[first + row * width + $0] == colours[first] }
        }
        guard isUniform else { continue }
        for row in 0..<n {
          for column in 0..<n where !found[first + row * width + column] {
            found[first + row * width + column] = true
            open.append(first + row * width + column)
          }
        }
      }
    }
    while let place = open.popLast() {
      let (x, y) = (place % width, place / width)
      for (next, isThere) in [
        (place - 1, x > 0), (place + 1, x < width - 1), (place - width, y > 0), (place + width, y < height - 1),
      ] where isThere && !found[next] && colours[next] == colours[place] {
        found[next] = true
        open.append(next)
      }
    }
    return found
  }

  /// Marks the inside of long straight runs of `count` places, `step` apart from `first`.
  private func markInner(from first: Int, step: Int, count: Int, in inside: inout [Bool]) {
    var start = 0
    while start < count {
      var last = start
      while last + 1 < count, colours[first + (last + 1) * step] == colours[first + start * step] { last += 1 }
      if last - start + 1 >= Self.long {
        for place in start + Self.end...last - Self.end { inside[first + place * step] = true }
      }
      start = last + 1
    }
  }

  /// Which pixels belong to marks: no ground, and not inside a long straight line; and the corners where flat grounds
  /// meet.
  func ink() -> [Bool] {
    let flat = ground()
    var inside = [Bool](repeating: false, count: colours.count)
    for y in 0..<height { markInner(from: y * width, step: 1, count: width, in: &inside) }
    for x in 0..<width { markInner(from: x, step: width, count: height, in: &inside) }
    var marked = flat.indices.map { !flat[$0] && !inside[$0] }
    for y in 0..<max(0, height - 1) {
      for x in 0..<max(0, width - 1) {
        let a = y * width + x
        let (b, c, d) = (a + 1, a + width, a + width + 1)
        guard flat[a], flat[b], flat[c], flat[d] else { continue }
        let rows = colours[a] == colours[b] && colours[c] == colours[d]
        let columns = colours[a] == colours[c] && colours[b] == colours[d]
        guard !rows, !columns else { continue }
        for place in [a, b, c, d] { marked[place] = true }
      }
    }
    return marked
  }

  // MARK: - Marks

  /// A piece within its bounds.
  private struct Piece {
    var bounds: Mark
    /// `[height, width]`.
    var mask: [Bool]
  }

  /// Marks in order of top, then left.
  func marks(_ marked: [Bool]) -> [Mark] {
    var small: [Mark] = [], found: [Mark] = []
    for piece in pieces(marked) {
      if piece.bounds.height <= Mark.side {
        small += cut(piece, marked)
      } else {
        found += Self.tiles(piece)
      }
    }
    small = Self.ordered(small)
    var used: Set<Int> = []
    for i in small.indices where !used.contains(i) {
      var mark = small[i]
      for j in small.indices.dropFirst(i + 1) {
        if small[j].top - mark.bottom > 2 { break }
        if !used.contains(j), mark.isDot(with: small[j]) {
          used.insert(j)
          mark = Mark(min(mark.left, small[j].left), mark.top, max(mark.right, small[j].right), small[j].bottom)
        }
      }
      found += stride(from: mark.left, to: mark.right, by: Mark.side).map {
        Mark($0, mark.top, min($0 + Mark.side, mark.right), mark.bottom)
      }
    }
    return Self.ordered(found)
  }

  /// By top, then left; equals stay as they were.
  private static func ordered(_ marks: [Mark]) -> [Mark] {
    marks.enumerated().sorted {
      ($0.element.top, $0.element.left, $0.offset) < ($1.element.top, $1.element.left, $1.offset)
    }.map(\.element)
  }

  /// What touches, also by corners, in the order in which rows meet it.
  private func pieces(_ marked: [Bool]) -> [Piece] {
    var label = [Int](repeating: 0, count: marked.count)
    var made: [Piece] = []
    for start in marked.indices where marked[start] && label[start] == 0 {
      let number = made.count + 1
      var open = [start], places: [Int] = []
      label[start] = number
      while let place = open.popLast() {
        places.append(place)
        let (x, y) = (place % width, place / width)
        for row in max(0, y - 1)...min(height - 1, y + 1) {
          for column in max(0, x - 1)...min(width - 1, x + 1) {
            let next = row * width + column
            guard marked[next], label[next] == 0 else { continue }
            label[next] = number
            open.append(next)
          }
        }
      }
      let columns = places.map { $0 % width }, rows = places.map { $0 / width }
      let bounds = Mark(
        columns.min() ?? 0, rows.min() ?? 0, (columns.max() ?? 0) + 1, (rows.max() ?? 0) + 1)
      var mask = [Bool](repeating: false, count: bounds.width * bounds.height)
      for place in places { mask[(place / width - bounds.top) * bounds.width + place % width - bounds.left] = true }
      made.append(Piece(bounds: bounds, mask: mask))
    }
    return made
  }

  /// A low piece at its faint columns, where letters touch by their soft edges only.
  private func cut(_ piece: Piece, _ marked: [Bool]) -> [Mark] {
    let bounds = piece.bounds
    var counts: [Int32: Int] = [:]
    for y in max(bounds.top - 1, 0)..<min(bounds.bottom + 1, height) {
      for x in max(bounds.left - 1, 0)..<min(bounds.right + 1, width) where !marked[y * width + x] {
        counts[colours[y * width + x], default: 0] += 1
      }
    }
    guard let most = counts.values.max(), let base = counts.filter({ $0.value == most }).keys.min() else {
      return [bounds]
    }
    func apart(_ colour: Int32) -> Int {
      let red: Int32 = abs((colour >> 16) - (base >> 16))
      let green: Int32 = abs((colour >> 8 & 255) - (base >> 8 & 255))
      let blue: Int32 = abs((colour & 255) - (base & 255))
      return Int(max(red, green, blue))
    }
    var strengths = [Int](repeating: 0, count: bounds.width)
    for y in 0..<bounds.height {
      for x in 0..<bounds.width where piece.mask[y * bounds.width + x] {
        let colour: Int32 = colours[(bounds.top + y) * width + bounds.left + x]
        strengths[x] = max(strengths[x], apart(colour))
      }
    }
    let strongest = strengths.max() ?? 0
    let kept = strengths.map { 100 * $0 > Self.clear * strongest }
    var made: [Mark] = []
    var first = 0
    while first < kept.count {
      guard kept[first] else {
        first += 1
        continue
      }
      var last = first
      while last < kept.count, kept[last] { last += 1 }
      let rows = (0..<bounds.height).filter { y in (first..<last).contains { piece.mask[y * bounds.width + $0] } }
      if let top = rows.first, let bottom = rows.last {
        made.append(Mark(bounds.left + first, bounds.top + top, bounds.left + last, bounds.top + bottom + 1))
      }
      first = last
    }
    return made
  }

  /// The squares that a large piece falls into, without empty ones.
  private static func tiles(_ piece: Piece) -> [Mark] {
    let (bounds, side) = (piece.bounds, Mark.side)
    var made: [Mark] = []
    for y in stride(from: 0, to: bounds.height, by: side) {
      for x in stride(from: 0, to: bounds.width, by: side) {
        let (bottom, right) = (min(y + side, bounds.height), min(x + side, bounds.width))
        let isEmpty = !(y..<bottom).contains { row in (x..<right).contains { piece.mask[row * bounds.width + $0] } }
        if !isEmpty { made.append(Mark(bounds.left + x, bounds.top + y, bounds.left + right, bounds.top + bottom)) }
      }
    }
    return made
  }

  // MARK: - Groups

  /// Groups in reading order. Marks of one line, at most 2 pixels apart (3 where both are tall), are of one group.
  static func groups(_ marks: [Mark]) -> [MarkGroup] {
    var lines: [[Mark]] = []
    for mark in marks {
      let line = lines.indices.suffix(12).last { number in
        let first = lines[number][0]
        return 2 * (min(mark.bottom, first.bottom) - max(mark.top, first.top)) >= min(mark.height, first.height)
      }
      if let line { lines[line].append(mark) } else { lines.append([mark]) }
    }
    var made: [MarkGroup] = []
    for line in lines {
      let line = line.enumerated().sorted {
        ($0.element.left, $0.element.top, $0.offset) < ($1.element.left, $1.element.top, $1.offset)
      }.map(\.element)
      var part: [Mark] = []
      var right = 0
      for mark in line {
        if let last = part.last, mark.left - right > (min(mark.height, last.height) >= 13 ? 3 : 2) {
          made.append(MarkGroup(marks: part))
          part = []
        }
        part.append(mark)
        right = part.count > 1 ? max(right, mark.right) : mark.right
      }
      made.append(MarkGroup(marks: part))
    }
    return made
  }
}
