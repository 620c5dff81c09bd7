// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
package import CloudInit
package import DomainXML
import HostPrograms
import LinuxSystem

/// Makes the files that a machine's disks are, in a folder of the machine's own.
package struct Media: Sendable {
    private let settings: Settings
    private let folder: String
    private let user: Domain.User

    /// The media of a machine whose QEMU runs as a user.
    package init(settings: Settings, folder: String, user: Domain.User) {
        self.settings = settings
        self.folder = folder
        self.user = user
    }

    /// The path of one of the machine's files.
    package func path(_ file: MachineFile) -> String { "\(folder)/\(file.rawValue)" }

    /// Makes the disk: an empty overlay over the image, which stays as it is.
    ///
    /// `size`: the disk's size in bytes where it is more than the image's; nil for the image's.
    package func makeDisk(over image: Image, size: Int64? = nil) async throws(MachineError) {
        let path = path(.disk)
        do throws(HostProgramError) {
            try await settings.qemuImg.succeed(
                [
                    "create", "-q", "-f", "qcow2", "-b", image.path, "-F", image.format.rawValue, "--", path,
                ] + (size.map { [String($0)] } ?? []),
                seconds: 60
            )
        } catch {
            throw MachineError("make the disk \(path)", error.description)
        }
        try give(path)
    }

    /// Makes the seed medium, by files in a private folder that is removed again.
    ///
    /// Secrets may be in it: nobody but its user may read it, also while it is made.
    package func makeSeed(_ seed: Seed) async throws(MachineError) {
        let path = path(.seed)
        var failure: MachineError?
        do throws(MachineError) {
            try await write(seed, to: path)
            try give(path)
        } catch {
            failure = error
        }
        do throws(SystemError) { try removeTree(self.path(.seedFolder)) } catch {
            failure = failure ?? MachineError("make the seed medium \(path)", error)
        }
        if let failure { throw failure }
    }

    private func write(_ seed: Seed, to path: String) async throws(MachineError) {
        let folder = self.path(.seedFolder)
        do {
            try removeTree(folder)
            try Files.makeFolder(folder, mode: 0o700)
            for file in seed.files { try Files.write(Array(file.content.utf8), to: "\(folder)/\(file.path)") }
            try Files.write([], to: path, mode: 0o600)
            try await settings.xorrisofs.succeed(
                ["-quiet", "-V", seed.volumeLabel, "-J", "-r", "-o", path, folder],
                seconds: 60
            )
        } catch {
            throw MachineError("make the seed medium \(path)", error)
        }
    }

    /// Makes a console log that QEMU may append to; it begins with a text of ours.
    package func makeConsoleLog(_ text: [UInt8] = []) throws(MachineError) {
        let path = path(.consoleLog)
        do throws(SystemError) {
            try Files.write(text, to: path)
        } catch {
            throw MachineError("make the console log \(path)", error)
        }
        try give(path)
    }

    private func give(_ path: String) throws(MachineError) {
        guard chmod(path, 0o600) == 0, chown(path, user.uid, user.gid) == 0 else {
            throw MachineError(
                "give \(path) to the user \(user.uid)",
                String(cString: clinux_strerror(clinux_errno()))
            )
        }
    }
}

/// The files in a machine's folder.
package enum MachineFile: String {
    case disk = "disk.qcow2"
    case seed = "seed.iso"
    case seedFolder = "seed"
    case consoleLog = "console.log"
    case queueSocket = "queues.sock"
}
