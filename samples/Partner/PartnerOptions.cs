using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OrleansCache.Samples;

/// <summary>How the sample origin behaves.</summary>
/// <param name="Port">TCP port on 127.0.0.1; 0 takes a free one.</param>
/// <param name="DelayMs">How long each call takes, in milliseconds; 0 to 600,000.</param>
/// <param name="Limit">Calls admitted in any sliding window; 1 to 1,000,000.</param>
/// <param name="WindowMs">The window's length in milliseconds; 1 to 3,600,000.</param>
/// <param name="ParentPid">The process with which the origin ends; none when null.</param>
public sealed record PartnerOptions(int Port = 8899, int DelayMs = 300, int Limit = 10, int WindowMs = 900, int? ParentPid = null)
{
    internal const string Usage =
        """
        A sample origin: slow, fragile and rate-limited.

          --port N        TCP port on 127.0.0.1, 0 for a free one (8899)
          --delay-ms N    how long each call takes (300)
          --limit N       calls admitted in any sliding window (10)
          --window-ms N   length of the window (900)
          --parent-pid N  end when that process does
        """;

    /// <summary>Reads <c>--name value</c> or <c>--name=value</c>.</summary>
    internal static bool TryParse(
        IReadOnlyList<string> args, [NotNullWhen(true)] out PartnerOptions? options, [NotNullWhen(false)] out string? error)
    {
        options = null;
        var read = new PartnerOptions();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = args[i].IndexOf('=', StringComparison.Ordinal) is > 0 and var at
                ? (args[i][..at], args[i][(at + 1)..])
                : (args[i], null);
            if (RangeOf(name) is not { } range)
                return Fail($"{name} is not an option; the options are --port, --delay-ms, --limit, --window-ms and --parent-pid.", out error);
            if (!seen.Add(name))
                return Fail($"{name} is given twice; give it once.", out error);
            if (value is null && ++i < args.Count)
                value = args[i];
            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < range.Min || number > range.Max)
                return Fail($"{name} is {(value is null ? "without a value" : $"\"{value}\"")}; give a whole number from {range.Min} to {range.Max}.", out error);
            read = name switch
            {
                "--port" => read with { Port = number },
                "--delay-ms" => read with { DelayMs = number },
                "--limit" => read with { Limit = number },
                "--window-ms" => read with { WindowMs = number },
                _ => read with { ParentPid = number },
            };
        }

        (options, error) = (read, null);
        return true;
    }

    private static (int Min, int Max)? RangeOf(string name) => name switch
    {
        "--port" => (0, 65_535),
        "--delay-ms" => (0, 600_000),
        "--limit" => (1, 1_000_000),
        "--window-ms" => (1, 3_600_000),
        "--parent-pid" => (1, int.MaxValue),
        _ => null,
    };

    private static bool Fail(string message, out string error)
    {
        error = message;
        return false;
    }
}
