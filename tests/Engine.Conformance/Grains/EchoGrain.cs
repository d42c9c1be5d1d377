using System.Collections.Immutable;

namespace OrleansCache;

[Alias("conformance.echo")]
internal interface IEchoGrain : INamedGrain
{
    Task<int> AddAsync(int left, int right);
    ValueTask<string?> TextAsync(string? text);
    Task NothingAsync();
    ValueTask NothingValueAsync();
    [Alias("overload-text")] Task<string> OverloadAsync(string value);
    [Alias("overload-number")] Task<string> OverloadAsync(int value);
    Task<Everything> EverythingAsync(Everything value);
    Task<Everything?> MaybeAsync(Everything? value);
    ValueTask<Shape> ShapeAsync(Shape shape);
    Task<byte[]> BytesAsync(byte[] value);
    Task<ReadOnlyMemory<byte>> MemoryAsync(ReadOnlyMemory<byte> value);
    Task<List<string>> AppendAsync(List<string> values, string more);
    Task<List<string>> KeptAsync();
    Task<Box> KeepBoxAsync(Box box);
    Task<Box> BoxAsync();
    Task<string> AskAsync(IEchoGrain other, string text);
    Task<int> TwiceAsync(int value);
}

internal interface INamedGrain : IGrainWithStringKey
{
    Task<string> NameAsync();
}

[GenerateSerializer]
internal enum Colour : byte { Red, Green = 7 }

[GenerateSerializer]
internal sealed record Everything(
    [property: Id(0)] bool Flag, [property: Id(1)] long Long, [property: Id(2)] ulong Large, [property: Id(3)] double Double,
    [property: Id(4)] decimal Decimal, [property: Id(5)] char Char, [property: Id(6)] Guid Guid, [property: Id(7)] DateTimeOffset Instant,
    [property: Id(8)] TimeSpan Span, [property: Id(9)] Colour Colour, [property: Id(10)] int? Maybe, [property: Id(11)] string? Text)
{
    [Id(12)] public required int[] Numbers { get; init; }

    [Id(13)] public Dictionary<string, Shape> Shapes { get; set; } = [];

    [Id(14)] public ImmutableArray<string> Words { get; init; }

    [Id(15)] public Everything? Inner { get; set; }

    [Id(16)] public DateTime Time { get; private set; } = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    public int Computed => Numbers.Length;
}

[GenerateSerializer, Immutable, Alias("conformance.shape")]
internal readonly record struct Shape([property: Id(0)] int Width, [property: Id(1)] Colour? Colour);

[GenerateSerializer]
internal sealed class Box
{
    [Id(0)] public List<string> Items = [];

    [Id(1)] public Box? Inner;
}

internal sealed class EchoGrain : Grain, IEchoGrain
{
    private List<string> _kept = [];
    private Box _box = new();

    public Task<string> NameAsync() => Task.FromResult(this.GetPrimaryKeyString());

    public Task<int> AddAsync(int left, int right) => Task.FromResult(left + right);

    public ValueTask<string?> TextAsync(string? text) => new(text);

    public Task NothingAsync() => Task.CompletedTask;

    public async ValueTask NothingValueAsync() => await Task.Yield();

    public Task<string> OverloadAsync(string value) => Task.FromResult("text " + value);

    public Task<string> OverloadAsync(int value) => Task.FromResult("number " + value);

    public Task<Everything> EverythingAsync(Everything value) => Task.FromResult(value);

    public Task<Everything?> MaybeAsync(Everything? value) => Task.FromResult(value);

    public ValueTask<Shape> ShapeAsync(Shape shape) => new(shape with { Width = shape.Width + 1 });

    public Task<byte[]> BytesAsync(byte[] value) => Task.FromResult(value);

    public Task<ReadOnlyMemory<byte>> MemoryAsync(ReadOnlyMemory<byte> value) => Task.FromResult(value);

    public Task<List<string>> AppendAsync(List<string> values, string more)
    {
        values.Add(more);
        _kept = values;
        return Task.FromResult(values);
    }

    public Task<List<string>> KeptAsync() => Task.FromResult(_kept);

    public Task<Box> KeepBoxAsync(Box box)
    {
        _box = box;
        return Task.FromResult(box);
    }

    public Task<Box> BoxAsync() => Task.FromResult(_box);

    public async Task<string> AskAsync(IEchoGrain other, string text) => $"{this.GetPrimaryKeyString()} heard {await other.TextAsync(text)} of {await other.NameAsync()}";

    public async Task<int> TwiceAsync(int value)
    {
        await Task.Yield();
        return 2 * value;
    }
}
