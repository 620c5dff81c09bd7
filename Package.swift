// swift-tools-version: 6.2
// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every Swift target: Swift 6 language mode, warnings are errors.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .enableUpcomingFeature("InternalImportsByDefault"),
]

/// The rooms of the plugins, which compile in two modes from the same sources: Embedded Swift for what
/// ships (`--traits Embedded`), ordinary Swift for what the tests run in.
let bothModes: [SwiftSetting] =
    strict + [
        .enableExperimentalFeature("Embedded", .when(traits: ["Embedded"])),
        .unsafeFlags(["-wmo", "-O", "-Xfrontend", "-function-sections"], .when(traits: ["Embedded"])),
    ]

let warnings: [CSetting] = [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]

/// Links a program statically against glibc, small: only for Embedded builds.
let fullyStatic: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-executable", "-Xlinker", "--gc-sections", "-Xlinker", "-s"],
        .when(traits: ["Embedded"])
    )
]

/// Puts what VERSION, ADD and DEL use side by side, in the order in which they use it: fewer pages are read in.
///
/// `tools/order-file` makes the file anew; names that are gone do no harm.
let ordered: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-use-ld=lld", "-Xlinker",
            "--symbol-ordering-file=\(Context.packageDirectory)/tools/plugins.order",
            "-Xlinker", "--no-warn-symbol-ordering",
        ],
        .when(traits: ["Embedded"])
    )
]

/// Products of other packages.
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grpcCore: Target.Dependency = .product(name: "GRPCCore", package: "grpc-swift-2")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let grpcTransport: Target.Dependency = .product(
    name: "GRPCNIOTransportHTTP2TransportServices",
    package: "grpc-swift-nio-transport"
)
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let serviceLifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)

extension Target {
    /// A C library of Debian's.
    static func library(
        _ name: String,
        _ pkgConfig: String,
        in folder: String,
        apt packages: [String]
    ) -> Target {
        .systemLibrary(
            name: name,
            path: "\(folder)/\(name)",
            pkgConfig: pkgConfig,
            providers: [.apt(packages)]
        )
    }
}

/// A target of C.
func c(_ name: String, in folder: String) -> Target {
    .target(name: name, path: "\(folder)/\(name)", cSettings: warnings)
}

/// A target of the node's programs, which compiles in both modes.
func node(_ name: String, in folder: String? = nil, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: folder.map { "\($0)/\(name)" },
        swiftSettings: bothModes
    )
}

/// A target that compiles as ordinary Swift alone.
func ordinary(
    _ name: String,
    in folder: String? = nil,
    _ dependencies: [Target.Dependency],
    exclude: [String] = []
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: folder.map { "\($0)/\(name)" },
        exclude: exclude,
        swiftSettings: strict
    )
}

/// A program, whose main file has its folder in Sources/Commands.
func program(
    _ name: String,
    _ dependencies: [Target.Dependency],
    _ settings: [SwiftSetting] = strict,
    linked: [LinkerSetting]? = nil
) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies,
        path: "Sources/Commands/\(name)",
        swiftSettings: settings,
        linkerSettings: linked
    )
}

/// The tests of a target.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "contrail-vm",
    products: [
        .executable(name: "contrail-vm-plugins", targets: ["contrail-vm-plugins"]),
        .executable(name: "port-sync", targets: ["port-sync"]),
        .executable(name: "vm-runtime", targets: ["vm-runtime"]),
        .executable(name: "vmctl", targets: ["vmctl"]),
        .executable(name: "vmwrapper", targets: ["vmwrapper"]),
        .executable(name: "vrouter-sim", targets: ["vrouter-sim"]),
    ],
    traits: [.trait(name: "Embedded", description: "Compile the plugins as Embedded Swift, fully static")],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // System
        c("CLinux", in: "Sources/System"),
        .library(
            "CNetlink",
            "libnl-route-3.0",
            in: "Sources/System",
            apt: ["libnl-3-dev", "libnl-route-3-dev"]
        ),
        node("JSON", in: "Sources/System", []),
        node("NetworkTypes", in: "Sources/System", []),
        node("LinuxSystem", in: "Sources/System", ["CLinux", "NetworkTypes"]),
        node("Netlink", in: "Sources/System", ["CLinux", "CNetlink", "NetworkTypes"]),
        // Protocols
        node("CNIProtocol", in: "Sources/Protocols", ["CLinux", "JSON", "LinuxSystem", "NetworkTypes"]),
        node("VRouter", in: "Sources/Protocols", ["CLinux", "JSON", "LinuxSystem", "NetworkTypes"]),
        node(
            "PreparedInterface",
            in: "Sources/Protocols",
            ["CLinux", "CNIProtocol", "JSON", "LinuxSystem", "NetworkTypes"]
        ),
        node(
            "OwedDeletions",
            in: "Sources/Protocols",
            ["CLinux", "CNIProtocol", "JSON", "LinuxSystem", "NetworkTypes", "PreparedInterface", "VRouter"]
        ),
        // Rooms of one target each
        node("Attachments", ["CLinux", "LinuxSystem", "Netlink", "NetworkTypes", "PreparedInterface"]),
        node(
            "PluginFloor",
            [
                "Attachments", "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes",
                "PreparedInterface", "VRouter",
            ]
        ),
        node(
            "ContrailCNI",
            [
                "Attachments", "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes",
                "OwedDeletions", "PluginFloor", "PreparedInterface", "VRouter",
            ]
        ),
        node(
            "TapBridge",
            [
                "Attachments", "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes",
                "PluginFloor", "PreparedInterface",
            ]
        ),
        node("Resident", ["CLinux", "CNIProtocol", "LinuxSystem", "NetworkTypes"]),
        node("VMWrapper", ["CLinux"]),
        node(
            "PortSync",
            [
                "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes", "OwedDeletions",
                "PreparedInterface", "Resident", "VRouter",
            ]
        ),
        ordinary("VRouterSimulator", []),
        // Runtime
        ordinary("CNIInvoker", in: "Sources/Runtime", ["CNIProtocol", "JSON", subprocess, systemPackage]),
        ordinary("BoundedYAML", in: "Sources/Runtime", [yams]),
        ordinary("RuntimeConfiguration", in: "Sources/Runtime", ["BoundedYAML", "CLinux", "NetworkTypes"]),
        ordinary(
            "CloudInit",
            in: "Sources/Runtime",
            ["BoundedYAML", "CZlib", "JSON", "NetworkTypes", "PreparedInterface"]
        ),
        ordinary("DomainXML", in: "Sources/Runtime", ["NetworkTypes", "PreparedInterface", "VMWrapper"]),
        ordinary("HostPrograms", in: "Sources/Runtime", [subprocess, systemPackage]),
        .library("CLibvirt", "libvirt-qemu", in: "Sources/Runtime", apt: ["libvirt-dev"]),
        ordinary("Libvirt", in: "Sources/Runtime", ["CLibvirt"]),
        c("CConfinement", in: "Sources/Runtime"),
        ordinary(
            "Confinement",
            in: "Sources/Runtime",
            ["CConfinement", "CLinux", "LinuxSystem", "NetworkTypes"]
        ),
        ordinary(
            "Machines",
            in: "Sources/Runtime",
            [
                "CLinux", "CNIInvoker", "CNIProtocol", "CloudInit", "DomainXML", "HostPrograms",
                "ImageFormats", "JSON", "LinuxSystem", "NetworkTypes", "PreparedInterface",
                "RuntimeConfiguration",
            ]
        ),
        ordinary(
            "KVMProbe",
            in: "Sources/Runtime",
            ["CLinux", "HostPrograms", "LinuxSystem"],
            exclude: ["probe.S"]
        ),
        ordinary(
            "OperatorClient",
            in: "Sources/Runtime",
            ["CRIMessages", grpcCore, grpcTransport, nioCore, nioPosix, protobuf]
        ),
        ordinary(
            "VMCtl",
            in: "Sources/Runtime",
            [
                "CLinux", "Confinement", "CRIMessages", "DomainXML", "HostPrograms", "ImageFormats", "Images",
                "KVMProbe", "Libvirt", "LinuxSystem", "Machines", "NetworkTypes", "OperatorClient",
                "RuntimeConfiguration", argumentParser,
            ]
        ),
        ordinary("Pods", in: "Sources/Runtime", []),
        ordinary(
            "PodRuntime",
            in: "Sources/Runtime",
            [
                "BoundedYAML", "CLinux", "CNIInvoker", "CNIProtocol", "CloudInit", "Confinement", "DomainXML",
                "HostPrograms", "JSON", "Libvirt", "LinuxSystem", "Machines", "NetworkTypes", "Pods",
                "PreparedInterface", grdb,
            ]
        ),
        ordinary(
            "CRIMessages",
            in: "Sources/Runtime",
            [grpcCore, protobuf],
            exclude: ["health.proto", "operator.proto", "runtime.proto"]
        ),
        ordinary(
            "CRIServer",
            in: "Sources/Runtime",
            ["CLinux", "CRIMessages", "Pods", grpcCore, grpcTransport, logging, nioCore, nioPosix, protobuf]
        ),
        ordinary(
            "VMRuntime",
            in: "Sources/Runtime",
            [
                "CLinux", "CNIInvoker", "CRIServer", "DomainXML", "HostPrograms", "ImageFormats", "Images",
                "KVMProbe", "LinuxSystem", "Machines", "NetworkTypes", "PodRuntime", "Pods", "Resident",
                "RuntimeConfiguration", argumentParser, logging, serviceLifecycle,
            ]
        ),
        .library("CZlib", "zlib", in: "Sources/Runtime", apt: ["zlib1g-dev"]),
        .library("CCurl", "libcurl", in: "Sources/Runtime", apt: ["libcurl4-openssl-dev", "libssl-dev"]),
        ordinary("ImageFormats", in: "Sources/Runtime", ["CLinux", "HostPrograms", "JSON", "LinuxSystem"]),
        ordinary(
            "Images",
            in: "Sources/Runtime",
            [
                "BoundedYAML", "CCurl", "CLinux", "HostPrograms", "ImageFormats", "JSON", "LinuxSystem",
                "NetworkTypes", "RuntimeConfiguration",
            ]
        ),
        // Programs
        program(
            "contrail-vm-plugins",
            ["CLinux", "CNIProtocol", "ContrailCNI", "TapBridge"],
            bothModes,
            linked: fullyStatic + ordered
        ),
        program("port-sync", ["CLinux", "PortSync"], bothModes, linked: fullyStatic),
        program("vrouter-sim", ["VRouterSimulator", argumentParser]),
        program("vm-runtime", ["VMRuntime"]),
        program("vmctl", ["VMCtl"]),
        program("vmwrapper", ["CLinux", "VMWrapper"], bothModes, linked: fullyStatic),
        // Tests
        ordinary("TestSupport", in: "Tests", ["CLinux", "CNIProtocol", "NetworkTypes", "PreparedInterface"]),
        tests("JSON", ["JSON"]),
        tests("NetworkTypes", ["NetworkTypes"]),
        tests("LinuxSystem", ["CLinux", "LinuxSystem", "TestSupport"]),
        tests("Netlink", ["CLinux", "Netlink", "NetworkTypes", "TestSupport"]),
        tests("CNIProtocol", ["CNIProtocol", "JSON", "NetworkTypes"]),
        tests("VRouter", ["JSON", "LinuxSystem", "NetworkTypes", "TestSupport", "VRouter"]),
        tests(
            "PreparedInterface",
            ["CNIProtocol", "JSON", "LinuxSystem", "NetworkTypes", "PreparedInterface", "TestSupport"],
            exclude: ["Golden"]
        ),
        tests(
            "OwedDeletions",
            ["LinuxSystem", "NetworkTypes", "OwedDeletions", "TestSupport"],
            exclude: ["Golden"]
        ),
        tests("PluginFloor", ["Attachments", "CNIProtocol", "LinuxSystem", "PluginFloor", "VRouter"]),
        tests(
            "ContrailCNI",
            [
                "CNIProtocol", "ContrailCNI", "JSON", "LinuxSystem", "NetworkTypes", "PreparedInterface",
                "TestSupport", "VRouter", yams,
            ]
        ),
        tests("CNIInvoker", ["CNIInvoker", "CNIProtocol", "JSON", "PreparedInterface"]),
        tests("Plugin", ["TestSupport"]),
        tests("Fault", ["CLinux", "TestSupport"], exclude: ["kill-points"]),
        tests("BoundedYAML", ["BoundedYAML", "TestSupport", yams]),
        tests(
            "CloudInit",
            ["CloudInit", "JSON", "NetworkTypes", "PreparedInterface", "TestSupport", yams],
            exclude: ["Golden", "judge"]
        ),
        tests(
            "DomainXML",
            ["DomainXML", "NetworkTypes", "PreparedInterface", "TestSupport", "VMWrapper"],
            exclude: ["Golden"]
        ),
        tests("KVMProbe", ["HostPrograms", "KVMProbe", "TestSupport"]),
        tests("ImageFormats", ["HostPrograms", "ImageFormats", "JSON", "TestSupport"]),
        tests(
            "Images",
            [
                "CLinux", "HostPrograms", "ImageFormats", "Images", "JSON", "LinuxSystem", "NetworkTypes",
                "TestSupport",
            ],
            exclude: ["Golden", "image-server.py"]
        ),
        tests("Libvirt", ["Libvirt", "TestSupport"]),
        tests(
            "Machines",
            [
                "CLinux", "CNIProtocol", "CloudInit", "DomainXML", "HostPrograms", "JSON", "Machines",
                "NetworkTypes", "PreparedInterface", "RuntimeConfiguration", "TestSupport",
            ]
        ),
        tests("CRIServer", ["TestSupport"], exclude: ["client"]),
        tests("Pods", ["Pods", "TestSupport"]),
        tests(
            "PodRuntime",
            [
                "CLinux", "CNIInvoker", "CloudInit", "DomainXML", "JSON", "Libvirt", "LinuxSystem",
                "PodRuntime", "Pods", "PreparedInterface", "TestSupport", grdb,
            ],
            exclude: ["Golden"]
        ),
        tests("Confinement", ["CLinux", "Confinement", "NetworkTypes", "TestSupport"]),
        tests("RuntimeConfiguration", ["NetworkTypes", "RuntimeConfiguration"]),
        tests(
            "VMCtl",
            ["PreparedInterface", "TestSupport", "VMCtl", argumentParser],
            exclude: ["two-boots"]
        ),
        tests("VMRuntime", ["TestSupport"], exclude: ["client", "node", "slices", "stock"]),
        tests("VMWrapper", ["TestSupport", "VMWrapper"]),
        tests("Resident", ["Resident"]),
        tests(
            "PortSync",
            [
                "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes", "OwedDeletions", "PortSync",
                "PreparedInterface", "TestSupport", "VRouter",
            ]
        ),
        tests("VRouterSimulator", ["VRouterSimulator", "vrouter-sim"]),
    ]
)

// The parsers' invariants: tests over the kept corpus, or, where tools/fuzz builds, what libFuzzer drives.
let fuzzed: [Target.Dependency] = [
    "CLinux", "CNIProtocol", "ContrailCNI", "JSON", "NetworkTypes", "OwedDeletions", "PreparedInterface",
    "TapBridge", "VRouter",
]
if Context.environment["CONTRAIL_VM_FUZZ"] == nil {
    package.targets.append(
        .testTarget(
            name: "FuzzTests",
            dependencies: fuzzed,
            path: "Tests/Fuzzing",
            exclude: ["Driver.swift", "Mutation.swift", "corpus", "dictionaries", "planted"],
            swiftSettings: strict
        )
    )
} else {
    package.products.append(.library(name: "FuzzedParsers", type: .static, targets: ["FuzzedParsers"]))
    package.targets.append(
        .target(
            name: "FuzzedParsers",
            dependencies: fuzzed,
            path: "Tests/Fuzzing",
            exclude: ["CorpusTests.swift", "corpus", "dictionaries", "planted"],
            swiftSettings: strict
        )
    )
}
