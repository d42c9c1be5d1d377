using System.Globalization;

namespace OrleansCache.Cluster;

/// <summary>What a client process does: <c>--name value</c> for each.</summary>
public sealed record LoadOptions
{
    /// <summary>A connection string as the SDK takes it.</summary>
    public required string Cluster { get; init; }

    /// <summary>Where the history goes.</summary>
    public required string Out { get; init; }

    /// <summary>The process's number, which its values carry: 1 to 4095.</summary>
    public required int Process { get; init; }

    public string Region { get; init; } = "load";

    public int Keys { get; init; } = 100;

    /// <summary>Calls at a time.</summary>
    public int Workers { get; init; } = 8;

    /// <summary>Exponent of a Zipf distribution over the keys; 0 is uniform.</summary>
    public double Zipf { get; init; }

    /// <summary>Shares of all calls, in per cent; the rest reads.</summary>
    public int Writes { get; init; } = 20;

    public int Removals { get; init; } = 5;

    public int Conditional { get; init; } = 5;

    /// <summary>So many tags, one on each key; 0 for none.</summary>
    public int Tags { get; init; }

    /// <summary>Share of raises of a tag, in per mille of all calls.</summary>
    public int Raises { get; init; }

    /// <summary>A worker's pause between calls.</summary>
    public int PauseMs { get; init; }

    /// <summary>Of one call.</summary>
    public int DeadlineMs { get; init; } = 10_000;

    public int Seed { get; init; } = 1;

    public static LoadOptions Parse(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        var given = Enumerable.Range(0, args.Count / 2).ToDictionary(i => args[2 * i], i => args[(2 * i) + 1]);
        return new()
        {
            Cluster = given["--cluster"],
            Out = given["--out"],
            Process = Number("--process", 0),
            Region = given.GetValueOrDefault("--region", "load"),
            Keys = Number("--keys", 100),
            Workers = Number("--workers", 8),
            Zipf = double.Parse(given.GetValueOrDefault("--zipf", "0"), CultureInfo.InvariantCulture),
            Writes = Number("--writes", 20),
            Removals = Number("--removals", 5),
            Conditional = Number("--conditional", 5),
            Tags = Number("--tags", 0),
            Raises = Number("--raises", 0),
            PauseMs = Number("--pause-ms", 0),
            DeadlineMs = Number("--deadline-ms", 10_000),
            Seed = Number("--seed", 1),
        };

        int Number(string name, int otherwise) => given.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
    }

    public IEnumerable<string> ToArguments() => ((string, FormattableString)[])
    [
        ("--cluster", $"{Cluster}"), ("--out", $"{Out}"), ("--process", $"{Process}"), ("--region", $"{Region}"), ("--keys", $"{Keys}"), ("--workers", $"{Workers}"), ("--zipf", $"{Zipf}"),
        ("--writes", $"{Writes}"), ("--removals", $"{Removals}"), ("--conditional", $"{Conditional}"), ("--tags", $"{Tags}"), ("--raises", $"{Raises}"), ("--pause-ms", $"{PauseMs}"), ("--deadline-ms", $"{DeadlineMs}"), ("--seed", $"{Seed}"),
    ] is var all ? all.SelectMany(o => new[] { o.Item1, o.Item2.ToString(CultureInfo.InvariantCulture) }) : [];
}
