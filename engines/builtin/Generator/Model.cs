namespace OrleansCache.Engine.Generator;

/// <summary>What one declaration gives: text and faults, compared by value so that unchanged declarations cost nothing.</summary>
internal sealed record Output(string Name, string Source, string Registration, Values<Fault> Faults, Values<AliasUse> Aliases);

internal readonly record struct AliasUse(string Alias, Place Place);

internal readonly record struct Fault(DiagnosticDescriptor Rule, Place Place, Values<string> Words)
{
    public Diagnostic ToDiagnostic() => Diagnostic.Create(Rule, Place.ToLocation(), Words.Items.ToArray<object>());
}

internal readonly record struct Place(string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static Place Of(ISymbol symbol) => symbol.Locations.FirstOrDefault(l => l.IsInSource) is { } location
        ? new(location.SourceTree!.FilePath, location.SourceSpan, location.GetLineSpan().Span) : default;

    public Location ToLocation() => Path is null ? Location.None : Location.Create(Path, Span, Lines);
}

internal readonly struct Values<T>(IEnumerable<T> items) : IEquatable<Values<T>>
{
    private readonly ImmutableArray<T> _items = items.ToImmutableArray();

    public ImmutableArray<T> Items => _items.IsDefault ? ImmutableArray<T>.Empty : _items;

    public bool Equals(Values<T> other) => Items.SequenceEqual(other.Items);

    public override bool Equals(object? obj) => obj is Values<T> other && Equals(other);

    public override int GetHashCode() => Items.Aggregate(Items.Length, (hash, item) => (hash * 31) + (item?.GetHashCode() ?? 0));
}

/// <summary>Collects what one declaration gives.</summary>
internal sealed class Builder(INamedTypeSymbol type)
{
    private readonly List<Fault> _faults = [];
    private readonly List<AliasUse> _aliases = [];
    private readonly StringBuilder _source = new();

    public string Registration { get; set; } = "";

    public bool HasFaults => _faults.Count > 0;

    public void Add(string source) => _source.Append(source).Append('\n');

    public void Fail(DiagnosticDescriptor rule, ISymbol place, params string[] words) => _faults.Add(new(rule, Place.Of(place), new(words)));

    public void Alias(string kind, string? alias, ISymbol place)
    {
        if (alias is not null)
            _aliases.Add(new($"{kind}\n{alias}", Place.Of(place)));
    }

    public Output Build(string kind) => new(kind + Symbols.Mangled(type), HasFaults ? "" : _source.ToString(),
        HasFaults ? "" : Registration, new(_faults), new(_aliases));
}
