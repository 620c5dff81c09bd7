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
let node: [SwiftSetting] =
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
        .target(name: "CLinux", path: "Sources/System/CLinux", cSettings: warnings),
        .systemLibrary(
            name: "CNetlink",
            path: "Sources/System/CNetlink",
            pkgConfig: "libnl-route-3.0",
            providers: [.apt(["libnl-3-dev", "libnl-route-3-dev"])]
        ),
        .target(name: "JSON", path: "Sources/System/JSON", swiftSettings: node),
        .target(name: "NetworkTypes", path: "Sources/System/NetworkTypes", swiftSettings: node),
        .target(
            name: "LinuxSystem",
            dependencies: ["CLinux", "NetworkTypes"],
            path: "Sources/System/LinuxSystem",
            swiftSettings: node
        ),
        .target(
            name: "Netlink",
            dependencies: ["CLinux", "CNetlink", "NetworkTypes"],
            path: "Sources/System/Netlink",
            swiftSettings: node
        ),
        // Protocols
        .target(
            name: "CNIProtocol",
            dependencies: ["CLinux", "JSON", "LinuxSystem", "NetworkTypes"],
            path: "Sources/Protocols/CNIProtocol",
            swiftSettings: node
        ),
        .target(
            name: "VRouter",
            dependencies: ["CLinux", "JSON", "LinuxSystem", "NetworkTypes"],
            path: "Sources/Protocols/VRouter",
            swiftSettings: node
        ),
        .target(
            name: "PreparedInterface",
            dependencies: ["CLinux", "CNIProtocol", "JSON", "LinuxSystem", "NetworkTypes"],
            path: "Sources/Protocols/PreparedInterface",
            swiftSettings: node
        ),
        .target(
            name: "OwedDeletions",
            dependencies: [
                "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "NetworkTypes", "PreparedInterface",
                "VRouter",
            ],
            path: "Sources/Protocols/OwedDeletions",
            swiftSettings: node
        ),
        // Attachments and plugins
        .target(
            name: "Attachments",
            dependencies: ["CLinux", "LinuxSystem", "Netlink", "NetworkTypes", "PreparedInterface"],
            swiftSettings: node
        ),
        .target(
            name: "PluginFloor",
            dependencies: [
                "Attachments", "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes",
                "PreparedInterface", "VRouter",
            ],
            swiftSettings: node
        ),
        .target(
            name: "ContrailCNI",
            dependencies: [
                "Attachments", "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes",
                "OwedDeletions", "PluginFloor", "PreparedInterface", "VRouter",
            ],
            swiftSettings: node
        ),
        .target(
            name: "TapBridge",
            dependencies: [
                "Attachments", "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes",
                "PluginFloor", "PreparedInterface",
            ],
            swiftSettings: node
        ),
        .target(
            name: "Resident",
            dependencies: ["CLinux", "CNIProtocol", "LinuxSystem", "NetworkTypes"],
            swiftSettings: node
        ),
        .target(name: "VMWrapper", dependencies: ["CLinux"], swiftSettings: node),
        .target(
            name: "PortSync",
            dependencies: [
                "CLinux", "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes", "OwedDeletions",
                "PreparedInterface", "Resident", "VRouter",
            ],
            swiftSettings: node
        ),
        // Runtime
        .target(
            name: "CNIInvoker",
            dependencies: [
                "CNIProtocol", "JSON", .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Runtime/CNIInvoker",
            swiftSettings: strict
        ),
        .target(
            name: "BoundedYAML",
            dependencies: [.product(name: "Yams", package: "Yams")],
            path: "Sources/Runtime/BoundedYAML",
            swiftSettings: strict
        ),
        .target(
            name: "RuntimeConfiguration",
            dependencies: ["BoundedYAML", "CLinux", "NetworkTypes"],
            path: "Sources/Runtime/RuntimeConfiguration",
            swiftSettings: strict
        ),
        .target(
            name: "CloudInit",
            dependencies: ["BoundedYAML", "CZlib", "JSON", "NetworkTypes", "PreparedInterface"],
            path: "Sources/Runtime/CloudInit",
            swiftSettings: strict
        ),
        .target(
            name: "DomainXML",
            dependencies: ["NetworkTypes", "PreparedInterface", "VMWrapper"],
            path: "Sources/Runtime/DomainXML",
            swiftSettings: strict
        ),
        .target(
            name: "HostPrograms",
            dependencies: [
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Runtime/HostPrograms",
            swiftSettings: strict
        ),
        .systemLibrary(
            name: "CLibvirt",
            path: "Sources/Runtime/CLibvirt",
            pkgConfig: "libvirt-qemu",
            providers: [.apt(["libvirt-dev"])]
        ),
        .target(
            name: "Libvirt",
            dependencies: ["CLibvirt"],
            path: "Sources/Runtime/Libvirt",
            swiftSettings: strict
        ),
        .target(name: "CConfinement", path: "Sources/Runtime/CConfinement", cSettings: warnings),
        .target(
            name: "Confinement",
            dependencies: ["CConfinement", "CLinux", "LinuxSystem", "NetworkTypes"],
            path: "Sources/Runtime/Confinement",
            swiftSettings: strict
        ),
        .target(
            name: "Machines",
            dependencies: [
                "CLinux", "CNIInvoker", "CNIProtocol", "CloudInit", "DomainXML", "HostPrograms",
                "ImageFormats", "JSON", "LinuxSystem", "NetworkTypes", "PreparedInterface",
                "RuntimeConfiguration",
            ],
            path: "Sources/Runtime/Machines",
            swiftSettings: strict
        ),
        .target(
            name: "KVMProbe",
            dependencies: ["CLinux", "HostPrograms", "LinuxSystem"],
            path: "Sources/Runtime/KVMProbe",
            exclude: ["probe.S"],
            swiftSettings: strict
        ),
        .target(
            name: "OperatorClient",
            dependencies: [
                "CRIMessages", .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(
                    name: "GRPCNIOTransportHTTP2TransportServices",
                    package: "grpc-swift-nio-transport"
                ),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            path: "Sources/Runtime/OperatorClient",
            swiftSettings: strict
        ),
        .target(
            name: "VMCtl",
            dependencies: [
                "CLinux", "Confinement", "CRIMessages", "DomainXML", "HostPrograms", "ImageFormats", "Images",
                "KVMProbe", "Libvirt", "LinuxSystem", "Machines", "NetworkTypes", "OperatorClient",
                "RuntimeConfiguration",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Runtime/VMCtl",
            swiftSettings: strict
        ),
        .target(name: "Pods", path: "Sources/Runtime/Pods", swiftSettings: strict),
        .target(
            name: "PodRuntime",
            dependencies: [
                "BoundedYAML", "CLinux", "CNIInvoker", "CNIProtocol", "CloudInit", "Confinement", "DomainXML",
                "HostPrograms", "JSON", "Libvirt", "LinuxSystem", "Machines", "NetworkTypes", "Pods",
                "PreparedInterface", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Sources/Runtime/PodRuntime",
            swiftSettings: strict
        ),
        .target(
            name: "CRIMessages",
            dependencies: [
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            path: "Sources/Runtime/CRIMessages",
            exclude: ["health.proto", "operator.proto", "runtime.proto"],
            swiftSettings: strict
        ),
        .target(
            name: "CRIServer",
            dependencies: [
                "CLinux", "CRIMessages", "Pods", .product(name: "GRPCCore", package: "grpc-swift-2"),
                // For the transport's core, which it exports; the product for Linux would bring TLS along, twice.
                .product(
                    name: "GRPCNIOTransportHTTP2TransportServices",
                    package: "grpc-swift-nio-transport"
                ),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            path: "Sources/Runtime/CRIServer",
            swiftSettings: strict
        ),
        .target(
            name: "VMRuntime",
            dependencies: [
                "CLinux", "CNIInvoker", "CRIServer", "DomainXML", "HostPrograms", "ImageFormats", "Images",
                "KVMProbe", "LinuxSystem", "Machines", "NetworkTypes", "PodRuntime", "Pods", "Resident",
                "RuntimeConfiguration", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Runtime/VMRuntime",
            swiftSettings: strict
        ),
        .systemLibrary(
            name: "CZlib",
            path: "Sources/Runtime/CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"])]
        ),
        .systemLibrary(
            name: "CCurl",
            path: "Sources/Runtime/CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev", "libssl-dev"])]
        ),
        .target(
            name: "ImageFormats",
            dependencies: ["CLinux", "HostPrograms", "JSON", "LinuxSystem"],
            path: "Sources/Runtime/ImageFormats",
            swiftSettings: strict
        ),
        .target(
            name: "Images",
            dependencies: [
                "BoundedYAML", "CCurl", "CLinux", "HostPrograms", "ImageFormats", "JSON", "LinuxSystem",
                "NetworkTypes", "RuntimeConfiguration",
            ],
            path: "Sources/Runtime/Images",
            swiftSettings: strict
        ),
        // Programs
        .executableTarget(
            name: "contrail-vm-plugins",
            dependencies: ["CLinux", "CNIProtocol", "ContrailCNI", "TapBridge"],
            path: "Sources/Commands/contrail-vm-plugins",
            swiftSettings: node,
            linkerSettings: fullyStatic + ordered
        ),
        .executableTarget(
            name: "port-sync",
            dependencies: ["CLinux", "PortSync"],
            path: "Sources/Commands/port-sync",
            swiftSettings: node,
            linkerSettings: fullyStatic
        ),
        .target(name: "VRouterSimulator", swiftSettings: strict),
        .executableTarget(
            name: "vrouter-sim",
            dependencies: [
                "VRouterSimulator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Commands/vrouter-sim",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "vm-runtime",
            dependencies: ["VMRuntime"],
            path: "Sources/Commands/vm-runtime",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "vmctl",
            dependencies: ["VMCtl"],
            path: "Sources/Commands/vmctl",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "vmwrapper",
            dependencies: ["CLinux", "VMWrapper"],
            path: "Sources/Commands/vmwrapper",
            swiftSettings: node,
            linkerSettings: fullyStatic
        ),
        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["CLinux", "CNIProtocol", "NetworkTypes", "PreparedInterface"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(name: "NetworkTypesTests", dependencies: ["NetworkTypes"], swiftSettings: strict),
        .testTarget(
            name: "LinuxSystemTests",
            dependencies: ["CLinux", "LinuxSystem", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "NetlinkTests",
            dependencies: ["CLinux", "Netlink", "NetworkTypes", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CNIProtocolTests",
            dependencies: ["CNIProtocol", "JSON", "NetworkTypes"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VRouterTests",
            dependencies: ["JSON", "LinuxSystem", "NetworkTypes", "TestSupport", "VRouter"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PreparedInterfaceTests",
            dependencies: [
                "CNIProtocol", "JSON", "LinuxSystem", "NetworkTypes", "PreparedInterface", "TestSupport",
            ],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "OwedDeletionsTests",
            dependencies: ["LinuxSystem", "NetworkTypes", "OwedDeletions", "TestSupport"],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PluginFloorTests",
            dependencies: ["Attachments", "CNIProtocol", "LinuxSystem", "PluginFloor", "VRouter"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ContrailCNITests",
            dependencies: [
                "CNIProtocol", "ContrailCNI", "JSON", "LinuxSystem", "NetworkTypes",
                "PreparedInterface",
                "TestSupport",
                "VRouter",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CNIInvokerTests",
            dependencies: ["CNIInvoker", "CNIProtocol", "JSON", "PreparedInterface"],
            swiftSettings: strict
        ),
        .testTarget(name: "PluginTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "FaultTests",
            dependencies: ["CLinux", "TestSupport"],
            exclude: ["kill-points"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BoundedYAMLTests",
            dependencies: ["BoundedYAML", "TestSupport", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CloudInitTests",
            dependencies: [
                "CloudInit", "JSON", "NetworkTypes", "PreparedInterface", "TestSupport",
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Golden", "judge"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DomainXMLTests",
            dependencies: ["DomainXML", "NetworkTypes", "PreparedInterface", "TestSupport", "VMWrapper"],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "KVMProbeTests",
            dependencies: ["HostPrograms", "KVMProbe", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ImageFormatsTests",
            dependencies: ["HostPrograms", "ImageFormats", "JSON", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ImagesTests",
            dependencies: [
                "CLinux", "HostPrograms", "ImageFormats", "Images", "JSON", "LinuxSystem", "NetworkTypes",
                "TestSupport",
            ],
            exclude: ["Golden", "image-server.py"],
            swiftSettings: strict
        ),
        .testTarget(name: "LibvirtTests", dependencies: ["Libvirt", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "MachinesTests",
            dependencies: [
                "CLinux", "CNIProtocol", "CloudInit", "DomainXML", "HostPrograms", "JSON", "Machines",
                "NetworkTypes", "PreparedInterface", "RuntimeConfiguration", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CRIServerTests",
            dependencies: ["TestSupport"],
            exclude: ["client"],
            swiftSettings: strict
        ),
        .testTarget(name: "PodsTests", dependencies: ["Pods", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "PodRuntimeTests",
            dependencies: [
                "CLinux", "CNIInvoker", "CloudInit", "DomainXML", "JSON", "Libvirt", "LinuxSystem",
                "PodRuntime",
                "Pods", "PreparedInterface", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConfinementTests",
            dependencies: ["CLinux", "Confinement", "NetworkTypes", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RuntimeConfigurationTests",
            dependencies: ["NetworkTypes", "RuntimeConfiguration"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VMCtlTests",
            dependencies: [
                "PreparedInterface", "TestSupport", "VMCtl",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["two-boots"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VMRuntimeTests",
            dependencies: ["TestSupport"],
            exclude: ["client", "node", "slices", "stock"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VMWrapperTests",
            dependencies: ["TestSupport", "VMWrapper"],
            swiftSettings: strict
        ),
        .testTarget(name: "ResidentTests", dependencies: ["Resident"], swiftSettings: strict),
        .testTarget(
            name: "PortSyncTests",
            dependencies: [
                "CNIProtocol", "JSON", "LinuxSystem", "Netlink", "NetworkTypes", "OwedDeletions", "PortSync",
                "PreparedInterface", "TestSupport", "VRouter",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VRouterSimulatorTests",
            dependencies: ["VRouterSimulator", "vrouter-sim"],
            swiftSettings: strict
        ),
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
