using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>How much memory the entries of a silo may take together.</summary>
public sealed class EntryMemoryOptions
{
    /// <summary>The configuration section: <c>OrleansCache:Memory</c>.</summary>
    public const string SectionName = "OrleansCache:Memory";

    /// <summary>Entries in memory at once, at least 1; null for no bound of their number.</summary>
    public long? MaxEntries { get; set; }

    /// <summary>Bytes of keys, values and what an active entry takes beside them (about 1 KB on engine <c>builtin</c>, 2.5 on <c>orleans</c>), at least 1 MiB; null for a quarter of what the process may have.</summary>
    public long? MaxBytes { get; set; }

    /// <summary>Bytes that an active entry takes beside its key and value: the engine's part differs.</summary>
    internal int Overhead { get; set; } = 1_000;
}

internal sealed class EntryMemoryOptionsValidator : IValidateOptions<EntryMemoryOptions>
{
    private const long LeastBytes = 1024 * 1024;

    public ValidateOptionsResult Validate(string? name, EntryMemoryOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.MaxEntries < 1)
            errors.AddError($"is {options.MaxEntries}; set it to 1 or more, or leave it out for no bound.", $"{EntryMemoryOptions.SectionName}:{nameof(options.MaxEntries)}");
        if (options.MaxBytes < LeastBytes)
            errors.AddError($"is {options.MaxBytes}; set it to {LeastBytes} or more, or leave it out for a quarter of the memory.", $"{EntryMemoryOptions.SectionName}:{nameof(options.MaxBytes)}");
        return errors.Build();
    }
}
