/// What a tool's parameter is for, as far as its name and its description tell.
enum ParameterRole {
  /// Leads out of the agent's own world: to an address, a bank account, a page on the net.
  case address, account, link
  /// Names somebody or something inside it.
  case person, channel, file, place
  case title, content, day, amount, secret, attachment
  case other

  init(_ parameter: ToolSchema.Parameter) {
    let name = parameter.name.lowercased(), description = parameter.description.lowercased()
    self =
      switch name {
      case "url", "link": .link
      case _ where name == "email" || name.hasSuffix("_email") || description.contains("email address"): .address
      case _ where description.contains("iban") || description.contains("account number"): .account
      case "user", "recipient", "member", "person", "author": .person
      case "channel": .channel
      case "filename", "file_name": .file
      case "hotel", "restaurant", "company", "place": .place
      case "title", "subject": .title
      case "body", "content", "message", "text": .content
      case "password", "secret", "pin": .secret
      case "attachments", "attachment": .attachment
      case "amount", "price", "sum": .amount
      case _ where parameter.kind == .string && ["date", "day", "time"].contains { name.contains($0) }: .day
      default: .other
      }
  }
}
