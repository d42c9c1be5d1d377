using System.Diagnostics.CodeAnalysis;

namespace OrleansCache;

/// <summary>The options of the program. What is not given follows configuration.</summary>
internal sealed record CommandLine
{
    public const string Usage =
        """
        A silo of OrleansCache with gateway, API and dashboard. In Development it brings a sample origin.

          --redis HOST:PORT[,options]  values survive in this Redis; without it in files under --data
          --data DIR                   folder for values and pid files (artifacts/data in the repository, else ./data)
          --port N                     HTTP port (8888)
          --silo-port N                port for clients in other processes (11111)
          --origin-port N              port of the sample origin (8899)
          --no-origin                  start no sample origin
          --no-banner                  print nothing but that it is ready
          --config FILE                a JSON file over appsettings.json; read again when it changes
          --OrleansCache:NAME=VALUE    any setting, such as --OrleansCache:Http:AllowAnonymous=true
          --help                       this text

        Only ./run knows --engine auto|builtin|orleans, and --silos N for silos that share the keys.
        """;

    private static readonly string[] Names = ["--redis", "--data", "--port", "--silo-port", "--origin-port", "--no-origin", "--no-banner", "--config", "--help"];

    public string? Redis { get; init; }
    public string? Data { get; init; }
    public int? Port { get; init; }
    public int? SiloPort { get; init; }
    public int? OriginPort { get; init; }
    public bool NoOrigin { get; init; }
    public bool NoBanner { get; init; }
    public string? Config { get; init; }
    public bool Help { get; init; }

    /// <summary>Settings given by their path.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Settings { get; init; } = [];

    /// <summary>Reads <c>--name value</c> or <c>--name=value</c>.</summary>
    public static bool TryParse(IReadOnlyList<string> args, [NotNullWhen(true)] out CommandLine? line, [NotNullWhen(false)] out string? error)
    {
        (line, error) = (null, null);
        var read = new CommandLine();
        var settings = new List<KeyValuePair<string, string?>>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Count; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? args[i] : args[i][..equals];
            var value = equals < 0 ? null : args[i][(equals + 1)..];
            if (name == "-h")
                name = "--help";
            var isSetting = name.StartsWith("--OrleansCache:", StringComparison.OrdinalIgnoreCase);
            if (!isSetting && !Names.Contains(name))
                return Fail($"{name} is not an option; {Suggestion(name)}--help lists them.", out error);
            if (!seen.Add(name))
                return Fail($"{name} is given twice; give it once.", out error);

            var isSwitch = name is "--help" or "--no-origin" or "--no-banner";
            if (isSwitch && value is not null)
                return Fail($"{name} is \"{value}\"; it takes no value.", out error);
            if (!isSwitch && value is null && i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
                value = args[++i];
            if (!isSwitch && string.IsNullOrWhiteSpace(value))
                return Fail($"{name} has no value; give one: {name} {(name.EndsWith("port", StringComparison.Ordinal) ? "8888" : name == "--redis" ? "127.0.0.1:6379" : "VALUE")}.", out error);

            int port = 0;
            if (name is "--port" or "--silo-port" or "--origin-port" && !(int.TryParse(value, out port) && port is > 0 and <= 65535))
                return Fail($"{name} is \"{value}\"; give a port from 1 to 65535.", out error);
            if (isSetting)
                settings.Add(new(name[2..], value));
            read = name switch
            {
                "--redis" => read with { Redis = value },
                "--data" => read with { Data = value },
                "--port" => read with { Port = port },
                "--silo-port" => read with { SiloPort = port },
                "--origin-port" => read with { OriginPort = port },
                "--no-origin" => read with { NoOrigin = true },
                "--no-banner" => read with { NoBanner = true },
                "--config" => read with { Config = value },
                "--help" => read with { Help = true },
                _ => read,
            };
        }

        line = read with { Settings = settings };
        return true;
    }

    private static string Suggestion(string name) => DidYouMean.Nearest(name, Names) is { } near ? $"did you mean {near}? " : "";

    private static bool Fail(string message, out string error)
    {
        error = message;
        return false;
    }
}
