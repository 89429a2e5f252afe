internal import SpudTensors

extension Browser {
  /// Has a hand do something, and waits until the page has taken it, and said so where it asks for another page.
  /// - Throws: `BrowserLost`.
  package func perform(_ gesture: Gesture) throws {
    try guarded {
      switch gesture {
      case .click(let x, let y):
        try pointer("mouseMoved", x, y)
        try pointer("mousePressed", x, y, held: 1)
        try pointer("mouseReleased", x, y, held: 0)
      case .drag(let x, let y, let toX, let toY):
        try pointer("mouseMoved", x, y)
        try pointer("mousePressed", x, y, held: 1)
        for part in 1...4 {
          try dispatch(
            "Input.dispatchMouseEvent",
            [
              "type": .string("mouseMoved"), "x": .number(x + Self.part(toX - x, part)),
              "y": .number(y + Self.part(toY - y, part)), "button": .string("left"), "buttons": .number(1),
            ])
        }
        try pointer("mouseReleased", toX, toY, held: 0)
      case .type(let text):
        for letter in text {
          let letter = JSONValue.string(String(letter))
          try dispatch("Input.dispatchKeyEvent", ["type": .string("keyDown"), "text": letter, "key": letter])
          try dispatch("Input.dispatchKeyEvent", ["type": .string("keyUp"), "key": letter])
        }
      case .key(let key): try press(key)
      case .scroll(let x, let y, let by):
        try dispatch(
          "Input.dispatchMouseEvent",
          [
            "type": .string("mouseWheel"), "x": .number(x), "y": .number(y), "deltaX": .number(0),
            "deltaY": .number(by),
          ])
      }
      try settle()
    }
  }

  /// Waits for the page's turn behind what it has been given: what it asks for in answer is known then.
  private func settle() throws {
    let turn = JSONValue.string("new Promise(done => setTimeout(done, 0))")
    let sent = try send("Runtime.evaluate", ["expression": turn, "awaitPromise": .bool(true)])
    let until = deadline
    while !hasAnswer(to: sent) { try read(until: until) }
    // A page that has gone meanwhile has no turn, which is an answer as well.
    forget(sent)
  }

  /// A fourth of a way after another, rounded down.
  private static func part(_ way: Int, _ part: Int) -> Int {
    Int((Double(way * part) / 4).rounded(.down))
  }

  private func pointer(_ kind: String, _ x: Int, _ y: Int, held: Int? = nil) throws {
    guard let held else {
      return try dispatch("Input.dispatchMouseEvent", ["type": .string(kind), "x": .number(x), "y": .number(y)])
    }
    try dispatch(
      "Input.dispatchMouseEvent",
      [
        "type": .string(kind), "x": .number(x), "y": .number(y), "button": .string("left"), "buttons": .number(held),
        "clickCount": .number(1),
      ])
  }

  private func press(_ key: Gesture.Key) throws {
    let (name, code, text) = key.form
    var shared: [(String, JSONValue)] = [
      ("key", .string(name)), ("code", .string(name)), ("windowsVirtualKeyCode", .number(code)),
    ]
    if key == .all { shared += [("modifiers", .number(2)), ("commands", .array([.string("selectAll")]))] }
    let down = shared + [("type", .string(text.isEmpty ? "rawKeyDown" : "keyDown"))]
    try dispatch("Input.dispatchKeyEvent", .object(JSONObject(down + (text.isEmpty ? [] : [("text", .string(text))]))))
    try dispatch("Input.dispatchKeyEvent", .object(JSONObject(shared + [("type", .string("keyUp"))])))
  }

  private func dispatch(_ method: String, _ parameters: KeyValuePairs<String, JSONValue>) throws {
    try dispatch(method, .members(parameters))
  }

  /// An input event. It is answered after a frame, and sometimes two, so frames are asked for until the answer is
  /// there.
  private func dispatch(_ method: String, _ parameters: JSONValue) throws {
    let until = deadline
    let sent = try send(method, parameters)
    while !hasAnswer(to: sent) {
      _ = try call("HeadlessExperimental.beginFrame")
      if !hasAnswer(to: sent) { try read(until: .now + .milliseconds(4), mayLack: true) }
      if ContinuousClock.now > until { throw BrowserLost(reason: "an input event was not answered in time") }
    }
    _ = try wait(for: sent)
  }
}
