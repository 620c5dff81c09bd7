// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CloudInit
import DomainXML
import HostPrograms
import LinuxSystem

/// Makes the files that a machine's disks are.
struct Media: Sendable {
    let store: MachineStore

    private var settings: Settings { store.settings }

    /// Makes the disk: an empty overlay over the image, which stays as it is.
    func makeDisk(of machine: Machine) async throws(MachineError) {
        let path = store.path(.disk, of: machine.name)
        do throws(HostProgramError) {
            try await settings.qemuImg.succeed(
                [
                    "create", "-q", "-f", "qcow2", "-b", machine.image.path, "-F",
                    machine.image.format.rawValue,
                    "--", path,
                ],
                seconds: 60
            )
        } catch {
            throw MachineError("make the disk of \(machine.name)", error.description)
        }
        try give(path, to: machine.user)
    }

    /// Makes the seed medium, by files in a private folder that is removed again.
    func makeSeed(_ seed: Seed, of machine: Machine) async throws(MachineError) {
        let operation = "make the seed medium of \(machine.name)"
        let folder = store.path(.seedFolder, of: machine.name)
        let path = store.path(.seed, of: machine.name)
        do {
            try removeTree(folder)
            try Files.makeFolder(folder, mode: 0o700)
            for file in seed.files { try Files.write(Array(file.content.utf8), to: "\(folder)/\(file.name)") }
            try await settings.genisoimage.succeed(
                ["-quiet", "-V", Seed.volumeLabel, "-J", "-r", "-o", path, folder],
                seconds: 60
            )
            try removeTree(folder)
        } catch {
            throw MachineError(operation, error)
        }
        try give(path, to: machine.user)
    }

    /// Makes an empty console log that QEMU may append to.
    func makeConsoleLog(of machine: Machine) throws(MachineError) {
        let path = store.path(.consoleLog, of: machine.name)
        do throws(SystemError) {
            try Files.write([], to: path)
        } catch {
            throw MachineError("make the console log of \(machine.name)", error)
        }
        try give(path, to: machine.user)
    }

    private func give(_ path: String, to user: Domain.User) throws(MachineError) {
        guard chmod(path, 0o600) == 0, chown(path, user.uid, user.gid) == 0 else {
            throw MachineError(
                "give \(path) to the user \(user.uid)",
                String(cString: clinux_strerror(clinux_errno()))
            )
        }
    }
}
