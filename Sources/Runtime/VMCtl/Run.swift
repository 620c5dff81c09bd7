// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinux
import CNIProtocol
import CloudInit
import DomainXML
import LinuxSystem
import Machines
import NetworkTypes

/// The command that makes and starts a machine.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a machine and start it.",
        discussion: """
            The network is one of these: --net-conf makes a sandbox and runs the plugins of a CNI network \
            configuration list, --sandbox takes a sandbox whose interfaces are prepared and recorded \
            already, --no-network gives the machine none.

            Where something fails, all that was made is undone.
            """
    )

    @Argument(help: "The machine's name, which is also the guest's host name.")
    var name: String

    @Option(
        help: "The disk image, a file or a name that vmctl image list shows; it is not changed.",
        completion: .file()
    )
    var image: String

    @Option(help: "The guest's memory in MiB.")
    var memory = 512

    @Option(help: "The guest's processors.")
    var vcpus = 1

    @Option(help: "The board: pc or q35.")
    var machine: Domain.Board = .pc

    @Option(help: "What runs the guest: auto, kvm or tcg. auto measures once a boot whether KVM is of use.")
    var accel: AcceleratorChoice = .auto

    @OptionGroup(title: "Network")
    var network: NetworkOptions

    @OptionGroup(title: "Guest")
    var guest: GuestOptions

    @Option(help: "Wait until the guest is up: agent, or console:TEXT for a text on its console.")
    var wait: Waiting?

    @Option(help: "How many seconds to wait at most.")
    var timeout = 300.0

    @OptionGroup var host: HostOptions

    mutating func validate() throws {
        guard (16...1 << 22).contains(memory) else {
            throw ValidationError("--memory must be 16 MiB to 4 TiB.")
        }
        guard (1...255).contains(vcpus) else { throw ValidationError("--vcpus must be 1 to 255.") }
        guard timeout > 0 else { throw ValidationError("--timeout must be more than 0.") }
    }

    func run() async throws {
        let runtime = try host.runtime()
        let request = MachineRequest(
            name: name,
            image: try ImageOptions.file(image, runtime.settings),
            memoryMiB: memory,
            vcpus: vcpus,
            board: machine,
            accelerator: try await accel.resolved(runtime.settings),
            network: try network.network(),
            podNamespace: network.namespace,
            podName: network.pod ?? name,
            guest: try guest.description(of: name)
        )
        let made = try await runtime.run(request)
        switch wait {
        case nil: break
        case .agent:
            Terminal.note("Waiting for the guest's agent")
            try await runtime.waitForAgent(of: made, seconds: timeout)
        case .console(let marker):
            Terminal.note("Waiting for \"\(marker)\" on the console")
            try await runtime.waitForConsole(of: made, marker: marker, seconds: timeout)
        }
        Terminal.line(made.name)
    }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}

/// What `--wait` waits for.
enum Waiting: ExpressibleByArgument, Equatable {
    case agent
    case console(String)

    init?(argument: String) {
        if argument == "agent" {
            self = .agent
        } else if argument.hasPrefix("console:"), argument.count > "console:".count {
            self = .console(String(argument.dropFirst("console:".count)))
        } else {
            return nil
        }
    }
}
