using System.Globalization;

namespace OrleansCache.Decorators;

/// <summary>An application's interface.</summary>
[Integration("simi")]
internal interface IPatients
{
    /// <summary>A patient by number.</summary>
    [Cached(Strategy = Strategy.Background, FreshSeconds = 30, StaleSeconds = 3600, AbsentSeconds = 5, Jitter = 0.1, Tags = ["patients", "patient:{id}"])]
    Task<Patient?> GetPatientAsync(string id, CancellationToken ct = default);

    [Cached("pages", Name = "getHtml")]
    ValueTask<string> GetHtmlAsync(string id, int page = 1, bool isLong = false, CancellationToken ct = default);

    [Cached(FreshSeconds = 60, Tags = ["user:{search.User}", "note:{search.Note}"])]
    Task<int> CountAsync(Search search);

    [Cached(Version = nameof(HistoryVersionAsync), FreshSeconds = 60)]
    Task<string> GetHistoryAsync(string id, int page = 1);

    Task<string?> HistoryVersionAsync(string id);

    [Invalidates("patient:{patient.Id}", "patients")]
    Task SaveAsync(Patient patient, CancellationToken ct = default);

    [Invalidates(Method = nameof(GetHtmlAsync))]
    ValueTask<bool> RenderAsync(string id, int page, bool isLong, string by);

    string Uncached(ref int count);

    T Echo<T>(T value)
        where T : struct;

    event Action? Changed;

    int Size { get; set; }
}

internal sealed record Patient(string Id, string Name);

internal sealed record Search(string User, string? Note);

/// <summary>The application's own class: it knows nothing of a cache.</summary>
internal sealed class Patients(PatientLog log) : IPatients
{
    public event Action? Changed;

    public int Size { get; set; }

    public async Task<Patient?> GetPatientAsync(string id, CancellationToken ct = default)
    {
        await Task.Yield();
        log.Add($"patient {id}");
        return id == "none" ? null : new(id, $"name {log.Count}");
    }

    public ValueTask<string> GetHtmlAsync(string id, int page = 1, bool isLong = false, CancellationToken ct = default)
    {
        log.Add($"html {id} {page.ToString(CultureInfo.InvariantCulture)} {isLong}");
        return log.FailuresLeft-- > 0 ? throw new IOException("down") : new($"{id}/{page}/{isLong}/{log.Count}");
    }

    public Task<string> GetHistoryAsync(string id, int page = 1) => Task.FromResult($"history {id}/{page.ToString(CultureInfo.InvariantCulture)} of call {log.Add($"history {id}")}");

    public Task<string?> HistoryVersionAsync(string id) => log.VersionFails ? throw new IOException("no version") : Task.FromResult(log.Version);

    public Task<int> CountAsync(Search search) => Task.FromResult(log.Add($"count {search.User}"));

    public Task SaveAsync(Patient patient, CancellationToken ct = default)
    {
        log.Add($"save {patient.Id}");
        return patient.Name.Length > 0 ? Task.CompletedTask : Task.FromException(new FormatException("no name"));
    }

    public ValueTask<bool> RenderAsync(string id, int page, bool isLong, string by)
    {
        Changed?.Invoke();
        return new(true);
    }

    public string Uncached(ref int count) => $"{log.Add("uncached")} {++count}";

    public T Echo<T>(T value)
        where T : struct => value;
}

internal sealed class PatientLog
{
    private readonly List<string> _seen = [];

    public int FailuresLeft { get; set; }

    public string? Version { get; set; } = "v1";

    public bool VersionFails { get; set; }

    public int Count => Seen.Length;

    public string[] Seen
    {
        get
        {
            lock (_seen)
                return [.. _seen];
        }
    }

    public int Add(string what)
    {
        lock (_seen)
        {
            _seen.Add(what);
            return _seen.Count;
        }
    }
}
