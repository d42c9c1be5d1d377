namespace OrleansCache.Client.Generator;

/// <summary>What one interface gives: text and faults, compared by value so that unchanged interfaces cost nothing.</summary>
internal sealed record Output(string Name, string Source, Values<Fault> Faults);

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
