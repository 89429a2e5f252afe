/// The forms of the portal: each changes one thing, or refuses to in one short line.
package enum PortalForm: String, CaseIterable, Sendable {
  case addPerson = "add-person"
  case editPerson = "edit-person"
  case deactivate
  case giveHardware = "give-hardware"
  case returnHardware = "return-hardware"
  case setBadge = "set-badge"
  case withdrawBadge = "withdraw-badge"
  case joinList = "join-list"
  case leaveList = "leave-list"
  case orderStock = "order-stock"
  case countStock = "count-stock"

  /// What the menu and the form's own page call it.
  package var title: String {
    switch self {
    case .addPerson: "Add a person"
    case .editPerson: "Edit a person"
    case .deactivate: "Deactivate a person"
    case .giveHardware: "Give hardware"
    case .returnHardware: "Return hardware"
    case .setBadge: "Set a badge"
    case .withdrawBadge: "Withdraw a badge"
    case .joinList: "Join a mail list"
    case .leaveList: "Leave a mail list"
    case .orderStock: "Order stock"
    case .countStock: "Count stock"
    }
  }

  /// The labels of the fields; in lower case they are the names in a request.
  package var fields: [String] {
    switch self {
    case .addPerson: ["Name", "Email", "Team", "Start"]
    case .editPerson: ["Email", "Team", "Start"]
    case .deactivate, .withdrawBadge: ["Email"]
    case .giveHardware, .returnHardware: ["Email", "Item"]
    case .setBadge: ["Email", "Level"]
    case .joinList, .leaveList: ["Email", "List"]
    case .orderStock, .countStock: ["Item", "Quantity"]
    }
  }
}
