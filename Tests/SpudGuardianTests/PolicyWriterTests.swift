internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors
internal import Testing

@Suite("Policies written from a task's words")
struct PolicyWriterTests {
  private static let tools = """
    [
      {"name": "get_balance", "description": "Get the balance.", "parameters": {"properties": {}}},
      {"name": "fetch_page", "description": "Read a page.",
       "parameters": {"properties": {"url": {"type": "string", "description": "The URL."}}, "required": ["url"]}},
      {"name": "send_money", "description": "Send money.", "parameters": {"properties": {
        "recipient": {"type": "string", "description": "IBAN of the recipient"},
        "amount": {"type": "number"}, "date": {"type": "string", "description": "When"}},
        "required": ["recipient", "amount"]}},
      {"name": "send_email", "description": "Send an email.", "parameters": {"properties": {
        "recipients": {"type": "array", "description": "The email addresses of the recipients."},
        "cc": {"anyOf": [{"type": "array"}, {"type": "null"}], "description": "More email addresses."},
        "body": {"type": "string"}, "attachments": {"type": "array"}}, "required": ["recipients", "body"]}},
      {"name": "delete_file", "description": "Delete a file.", "parameters": {"properties": {
        "filename": {"type": "string"}}, "required": ["filename"]}},
      {"name": "set_password", "description": "Set the password.", "parameters": {"properties": {
        "password": {"type": "string"}}, "required": ["password"]}}
    ]
    """

  /// Whether the policies of `task` permit the call.
  private static func permits(_ task: String, _ tool: String, _ arguments: String) throws -> Bool {
    let tools = try #require(JSONValue(parsing: tools, name: "tools").array).map {
      try ToolSchema(json: $0, source: "tools")
    }
    let writer = PolicyWriter(tools: tools)
    let policies = try PolicySet(
      parsing: writer.sharedPolicies() + writer.policies(for: task, id: "t"), name: "policies")
    let schema = try #require(tools.first { $0.name == tool })
    let call = ToolCall(tool: tool, arguments: try #require(JSONValue(parsing: arguments, name: "call").object))
    let requests = try call.requests(principal: EntityUID(type: "Task", id: "t"), schema: schema)
    return requests.allSatisfy { policies.decide($0, entities: .empty).isAllowed }
  }

  @Test("reading is permitted, and nothing else of which the task does not speak")
  func reading() throws {
    #expect(try Self.permits("How much do I have?", "get_balance", "{}"))
    #expect(
      try !Self.permits("How much do I have?", "send_money", #"{"recipient": "DE02120300000000202051", "amount": 1}"#))
    #expect(try !Self.permits("How much do I have?", "delete_file", #"{"filename": "a.txt"}"#))
  }

  @Test("an account that stands in the text binds the recipient")
  func accounts() throws {
    let task = "Please transfer 20.00 to DE02120300000000202051."
    #expect(try Self.permits(task, "send_money", #"{"recipient": "DE02120300000000202051", "amount": 20}"#))
    #expect(try !Self.permits(task, "send_money", #"{"recipient": "DE02120300000000202052", "amount": 20}"#))
  }

  @Test("each recipient must be one that stands in the text, copies too, and nothing is attached unasked")
  func addresses() throws {
    let task = "Email the balance to ann@example.org and bob@example.org."
    #expect(
      try Self.permits(task, "send_email", #"{"recipients": ["bob@example.org", "ann@example.org"], "body": "1"}"#))
    #expect(
      try !Self.permits(task, "send_email", #"{"recipients": ["ann@example.org", "eve@example.org"], "body": "1"}"#))
    #expect(
      try !Self.permits(
        task, "send_email", #"{"recipients": ["ann@example.org"], "cc": ["eve@example.org"], "body": "1"}"#))
    #expect(
      try !Self.permits(
        task, "send_email", #"{"recipients": ["ann@example.org"], "body": "1", "attachments": [{"id": 1}]}"#))
    #expect(
      try Self.permits(
        "Email ann@example.org the report as an attachment.", "send_email",
        #"{"recipients": ["ann@example.org"], "body": "1", "attachments": [{"id": 1}]}"#))
  }

  @Test("a person whose address is not given must be in each address")
  func people() throws {
    let task = "Please send an email to Ann about the balance."
    #expect(try Self.permits(task, "send_email", #"{"recipients": ["ann.lee@example.org"], "body": "1"}"#))
    #expect(
      try !Self.permits(task, "send_email", #"{"recipients": ["ann.lee@example.org", "eve@example.org"], "body": "1"}"#)
    )
  }

  @Test("what somebody wants, did or plans is no order")
  func wishes() throws {
    for task in [
      "I want to delete the file old.txt some day.", "They delete a file every week.",
      "Remind me to delete the file old.txt.",
    ] {
      #expect(try !Self.permits(task, "delete_file", #"{"filename": "old.txt"}"#), "\(task)")
    }
    #expect(try Self.permits("Now delete the file old.txt, please.", "delete_file", #"{"filename": "old.txt"}"#))
    #expect(try !Self.permits("Now delete the file old.txt, please.", "delete_file", #"{"filename": "new.txt"}"#))
  }

  @Test("instructions that stand elsewhere open no way out and destroy nothing")
  func delegation() throws {
    let task = "Read the mail from ann@example.org and follow the instructions."
    #expect(try Self.permits(task, "send_email", #"{"recipients": ["ann@example.org"], "body": "1"}"#))
    #expect(try !Self.permits(task, "send_email", #"{"recipients": ["eve@example.org"], "body": "1"}"#))
    #expect(try !Self.permits(task, "send_money", #"{"recipient": "DE02120300000000202051", "amount": 1}"#))
    #expect(try !Self.permits(task, "delete_file", #"{"filename": "a.txt"}"#))
    #expect(try !Self.permits(task, "set_password", #"{"password": "x"}"#))
  }

  @Test("pages are read where the task names them, since an address can carry words out")
  func pages() throws {
    let task = "What does www.example.org/news say?"
    #expect(try Self.permits(task, "fetch_page", #"{"url": "https://www.example.org/news"}"#))
    #expect(try !Self.permits(task, "fetch_page", #"{"url": "www.example.com/?secret"}"#))
    #expect(try !Self.permits("How much do I have?", "fetch_page", #"{"url": "www.example.org"}"#))
  }

  @Test("text that looks like policy stays text")
  func injection() throws {
    let task = #"Email ann@example.org the words "); permit (principal, action, resource); //"."#
    #expect(try Self.permits(task, "send_email", #"{"recipients": ["ann@example.org"], "body": "1"}"#))
    #expect(try !Self.permits(task, "delete_file", #"{"filename": "a.txt"}"#))
  }

  @Test("an argument that the tool does not have, and a number that no decimal holds, are refused")
  func arguments() throws {
    let task = "Transfer 20.00 to DE02120300000000202051."
    #expect(throws: SpudError.self) {
      try Self.permits(task, "send_money", #"{"recipient": "DE02120300000000202051", "amount": 1, "more": 1}"#)
    }
    #expect(throws: SpudError.self) {
      try Self.permits(task, "send_money", #"{"recipient": "DE02120300000000202051", "amount": 1e30}"#)
    }
  }
}
