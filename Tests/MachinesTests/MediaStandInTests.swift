// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CloudInit
import DomainXML
import Foundation
import HostPrograms
import Machines
import TestSupport
import Testing

/// xorriso is real: it makes the medium, and reads it again.
@Suite struct MediaStandInTests {
    private let folder: ScratchFolder
    private var settings = Settings()

    init() throws { folder = try ScratchFolder() }

    private func media(_ settings: Settings) -> Media {
        Media(settings: settings, folder: folder.path, user: Domain.User(uid: getuid(), gid: getgid()))
    }

    private func seed(_ layout: Seed.Layout) throws -> Seed {
        var guest = GuestDescription(instanceID: "4a1c", hostname: "web")
        guest.layout = layout
        return try Seed(guest: guest, interfaces: [])
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test(arguments: Seed.Layout.allCases)
    func `a seed's medium has its label and files, and belongs to its user alone`(
        layout: Seed.Layout
    ) async throws {
        let seed = try seed(layout)
        let media = media(settings)
        let former = umask(0)
        defer { umask(former) }
        try await media.makeSeed(seed)
        // Again, over the former one.
        try await media.makeSeed(seed)
        #expect(try names() == ["seed.iso"])
        var status = stat()
        #expect(stat(media.path(.seed), &status) == 0 && status.st_mode & 0o777 == 0o600)
        let copy = "\(folder.path)/copy"
        let told = try Programs.succeed(
            "/usr/bin/xorriso",
            ["-osirrox", "on", "-indev", media.path(.seed), "-pvd_info", "-extract", "/", copy]
        )
        #expect(told.contains("Volume Id    : \(seed.volumeLabel)\n"), "\(told)")
        for file in seed.files {
            let content = FileManager.default.contents(atPath: "\(copy)/\(file.path)")
            #expect(content == Data(file.content.utf8), "\(file.path)")
        }
        let count = FileManager.default.enumerator(atPath: copy)?.allObjects.count
        #expect(count == seed.files.count + (layout == .configDrive ? 2 : 0))
        try Programs.succeed("/bin/chmod", ["-R", "u+w", copy])
    }

    @Test func `where it can't be made, no file with secrets is left, and none gets into the error`()
        async throws
    {
        var settings = settings
        settings.xorrisofs = HostProgram(
            try folder.program("broken", "ls -l $(dirname $7)/seed.iso >&2; exit 3")
        )
        let media = media(settings)
        let seed = try seed(.noCloud)
        let error = await #expect(throws: MachineError.self) { try await media.makeSeed(seed) }
        let message = error?.description ?? ""
        #expect(message.contains("exited with 3") && message.contains("-rw-------"), "\(message)")
        #expect(try names().contains("seed") == false)
    }
}
