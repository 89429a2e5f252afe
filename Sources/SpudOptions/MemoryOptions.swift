package import ArgumentParser
internal import Foundation
internal import SpudErrors
package import SpudMemory

/// What unlocks a store of what was read.
package struct MemoryKeyOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      The key of the memory: a file of at least 32 random bytes that only you can read. Default: the file \
      \(MasterKey.name) in $CREDENTIALS_DIRECTORY, else the key \(MasterKey.name) of the kernel's keyring.
      """, valueName: "file"),
    completion: .file())
  package var keyFile: String?

  @Option(
    name: .long,
    help: ArgumentHelp("A passphrase instead of a key, in a file that only you can read.", valueName: "file"),
    completion: .file())
  package var passphraseFile: String?

  @Flag(name: .long, help: "Ask for a passphrase on the terminal.")
  package var passphrase = false

  package init() {}

  package func validate() throws {
    guard [keyFile != nil, passphraseFile != nil, passphrase].count(where: \.self) <= 1 else {
      throw ValidationError(
        "--key-file, --passphrase-file and --passphrase are three ways to unlock; give one of them.")
    }
  }

  /// The key that the command line names, or else the one that is found; without one nothing is opened.
  package func key() throws -> MasterKey {
    try MasterKey.find(given(), environment: ProcessInfo.processInfo.environment)
  }

  private func given() throws -> MasterKey? {
    if let keyFile { return try .file(keyFile) }
    if let passphraseFile { return try .passphraseFile(passphraseFile) }
    return passphrase ? try .askPassphrase("Passphrase of the memory: ") : nil
  }
}

/// `--memory` and what belongs to it, for commands that answer.
package struct MemoryOptions: ParsableArguments {
  @Option(
    name: .customLong("memory"),
    help: ArgumentHelp(
      """
      Remember in this directory, sealed, what is read and written, and read nothing of it again. It is made if it is \
      not there, and needs a key.
      """, valueName: "dir"),
    completion: .directory)
  package var directory: String?

  @Option(
    name: .customLong("memory-size"),
    help: ArgumentHelp(
      "The most that the directory may take, such as 500M or 10G. What was used last stays.", valueName: "size"))
  package var size: ByteCount = ByteCount(10 << 30)

  @OptionGroup package var unlocking: MemoryKeyOptions

  package init() {}

  package func validate() throws {
    if directory == nil, unlocking.keyFile != nil || unlocking.passphraseFile != nil || unlocking.passphrase {
      throw ValidationError("A key was given, but no --memory that it unlocks.")
    }
  }

  /// Opens the memory; nil where none was asked for.
  ///
  /// - Parameter remark: Is told, in a sentence, where another process writes it.
  package func open(remark: (String) -> Void) throws -> SealedStore? {
    guard let directory else { return nil }
    let store = try SealedStore.open(directory, key: unlocking.key(), size: size)
    if !store.canWrite {
      remark("\(directory) cannot be written, or another process writes it: what it holds is used, nothing is added")
    }
    return store
  }
}

extension SealedStore {
  /// Opens a store with what the environment says.
  package static func open(
    _ directory: String, key: MasterKey, size: ByteCount = ByteCount(10 << 30), readOnly: Bool = false,
    acceptsOlder: Bool = false
  ) throws -> SealedStore {
    var settings = Settings(stateDirectory: try stateDirectory(ProcessInfo.processInfo.environment))
    settings.byteLimit = size.count
    settings.isReadOnly = readOnly
    settings.acceptsOlder = acceptsOlder
    return try SealedStore(directory, key: key, settings: settings)
  }
}
