/// A form with what is in it.
package struct PortalWrite: Sendable, Equatable {
  package let form: PortalForm
  /// By the fields' names in lower case.
  package let values: [String: String]

  package init(form: PortalForm, values: [String: String]) {
    self.form = form
    self.values = values
  }
}
