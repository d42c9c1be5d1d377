using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

[Alias("conformance.stored")]
internal interface IStoredGrain : IGrainWithStringKey
{
    Task<string> GetAsync();
    Task<string?> SetAsync(string value);
    Task ClearAsync();
    Task LeaveAsync();
    Task DisturbAsync();
    Task<string> FromOutsideAsync();
    Task<string> OtherAsync(string? value);
    Task<string> WriteTwiceAsync();
}

[GenerateSerializer]
internal sealed class Note
{
    [Id(0)] public string Text { get; set; } = "fresh";
}

internal sealed class StoredGrain(
    [PersistentState("note", "test")] IPersistentState<Note> note,
    [PersistentState("other", "test")] IPersistentState<Note> other,
    [FromKeyedServices("test")] IGrainStorage storage) : Grain, IStoredGrain
{
    public Task<string> GetAsync() => Task.FromResult($"{note.State.Text} {note.RecordExists} {note.Etag}");

    public async Task<string?> SetAsync(string value)
    {
        note.State.Text = value;
        await note.WriteStateAsync();
        return note.Etag;
    }

    public Task ClearAsync() => note.ClearStateAsync();

    public Task LeaveAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task DisturbAsync()
    {
        ((TestStorage)storage).Disturb("note", this.GetGrainId());
        return Task.CompletedTask;
    }

    public Task<string> FromOutsideAsync() => Task.Run(async () =>
    {
        try
        {
            await note.WriteStateAsync();
            return "written";
        }
        catch (InvalidOperationException)
        {
            return "refused";
        }
    });

    public async Task<string> WriteTwiceAsync()
    {
        note.State.Text = "one";
        var first = note.WriteStateAsync();
        note.State.Text = "two";
        await Task.WhenAll(first, note.WriteStateAsync());
        return $"{note.State.Text} {note.Etag}";
    }

    public async Task<string> OtherAsync(string? value)
    {
        if (value is not null)
        {
            other.State = new() { Text = value };
            await other.WriteStateAsync();
        }
        return other.State.Text;
    }
}
