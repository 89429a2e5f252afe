/// A plot as data: what the report draws, and what `report.json` keeps of it.
package struct Plot: Codable, Sendable, Equatable {
  /// Unique in the report; the SVG's identifier.
  package var id: String
  package var title: String
  /// One sentence that says what is to be seen, for those who cannot see it too.
  package var caption: String
  package var content: Content

  package init(id: String, title: String, caption: String, content: Content) {
    self.id = id
    self.title = title
    self.caption = caption
    self.content = content
  }

  package enum Content: Codable, Sendable, Equatable {
    case ranges(Ranges)
    case forest(Forest)
    case lines(Lines)
    case scatter(Scatter)
    case timeline(Timeline)
    case heat(Heat)
  }

  /// A quantity by group and series: a dot at the middle, a bar over the spread.
  package struct Ranges: Codable, Sendable, Equatable {
    package struct Group: Codable, Sendable, Equatable {
      package var name: String
      /// One a series, in the order of the series; nil where there is nothing.
      package var values: [Range?]
    }

    package struct Range: Codable, Sendable, Equatable {
      package var middle: Double
      package var low: Double
      package var high: Double
    }

    package var series: [String]
    package var groups: [Group]
    package var unit: Unit
    /// A line to compare with, such as a bar to meet.
    package var reference: Double?
  }

  /// Differences or ratios with their intervals against a line of no effect.
  package struct Forest: Codable, Sendable, Equatable {
    package struct Row: Codable, Sendable, Equatable {
      package var name: String
      package var estimate: Estimate
      package var isTotal: Bool
    }

    package var rows: [Row]
    package var unit: Unit
    /// Where there is no effect: 0 for a difference, 1 for a ratio.
    package var neutral: Double
    package var leftLabel: String
    package var rightLabel: String
  }

  /// Curves through points.
  package struct Lines: Codable, Sendable, Equatable {
    package struct Point: Codable, Sendable, Equatable {
      package var x: Double
      package var y: Double
      package var low: Double?
      package var high: Double?
    }

    package struct Series: Codable, Sendable, Equatable {
      package var name: String
      package var points: [Point]
      /// Whether the points are joined.
      package var isJoined: Bool
    }

    package var series: [Series]
    package var xLabel: String
    package var yLabel: String
    package var xUnit: Unit
    package var yUnit: Unit
    package var xIsLogarithmic: Bool
    /// Whether the vertical axis starts at 0.
    package var startsAtZero: Bool
    /// A horizontal line to compare with.
    package var reference: Double?
    package var referenceLabel: String
  }

  /// Named points in a plane.
  package struct Scatter: Codable, Sendable, Equatable {
    package var points: [SpaceRecord.Point]
    package var xLabel: String
    package var yLabel: String
  }

  /// Bars along time, a row a module, a block of rows a system.
  package struct Timeline: Codable, Sendable, Equatable {
    package struct Bar: Codable, Sendable, Equatable {
      package var module: String
      package var work: String
      package var start: Double
      package var end: Double
    }

    package struct Row: Codable, Sendable, Equatable {
      package var system: String
      package var bars: [Bar]
      package var firstToken: Double
      package var total: Double
      package var answer: String
    }

    package var rows: [Row]
  }

  /// Shares by layer and expert, a panel a modality.
  package struct Heat: Codable, Sendable, Equatable {
    package struct Panel: Codable, Sendable, Equatable {
      package var name: String
      /// [layers, experts], each row summing to 1.
      package var shares: [[Double]]
    }

    package var panels: [Panel]
  }
}
