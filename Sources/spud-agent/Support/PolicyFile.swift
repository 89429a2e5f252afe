internal import SpudGuardian

/// The policies of a file that a person wrote; where it has none, that is told, for everything is denied then.
func policies(in path: String) throws -> PolicySet {
  let set = try PolicySet(contentsOf: path)
  if set.policies.isEmpty { Output.report("remark: \(path) has no policies, so every call is denied") }
  return set
}
