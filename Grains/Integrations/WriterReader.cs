namespace OrleansCache;

/// <summary>Reads what makes a method a writer.</summary>
internal sealed class WriterReader(string methods, IReadOnlyDictionary<string, MethodOptions> options, IReadOnlyDictionary<string, IntegrationMethod> resolved, ConfigurationErrors errors)
{
    private static readonly string[] VerbsInCode = ["PUT", "POST", "PATCH", "DELETE"];

    /// <summary>The method, as a writer if its options make it one.</summary>
    public IntegrationMethod Resolve(IntegrationMethod method)
    {
        var (path, own) = ($"{methods}:{method.Name}", options[method.Name]);
        if (own is { Writes: null, Invalidates: null })
        {
            NeedsWriter($"{path}:{nameof(own.AfterWrite)}", own.AfterWrite);
            NeedsWriter($"{path}:{nameof(own.Idempotent)}", own.Idempotent);
            return method;
        }

        var inCode = own is { Get: null, Post: null, Put: null, Patch: null, Delete: null };
        if (own.Get is not null)
            errors.Add($"{path}:{nameof(own.Get)}", own.Get, $"a GET changes nothing at the origin, and {(own.Writes is null ? nameof(own.Invalidates) : nameof(own.Writes))} is for what does; set Put, Post, Patch or Delete, or leave that out");
        if (own is { AfterWrite: { } after, Writes: null })
            errors.Add($"{path}:{nameof(own.AfterWrite)}", after, "it tells what becomes of an entry; set Writes to the method whose entry it is, or leave it out");
        HasNoLife(path, own);
        return method with
        {
            Writer = new()
            {
                Verbs = inCode ? string.Join(", ", VerbsInCode) : method.Verb.Method,
                Reader = own.Writes is { } name ? ReaderOf($"{path}:{nameof(own.Writes)}", name, method) : null,
                AfterWrite = own.AfterWrite ?? (method.Verb == HttpMethod.Delete ? AfterWrite.Remove : AfterWrite.Store),
                Invalidates = TagTemplates.Read($"{path}:{nameof(own.Invalidates)}", own.Invalidates ?? [], method.Parameters, errors),
                IsIdempotent = own.Idempotent ?? (method.Verb == HttpMethod.Put || method.Verb == HttpMethod.Delete),
            },
        };
    }

    private void NeedsWriter(string path, object? value)
    {
        if (value is not null)
            errors.Add(path, value, "it is for a method that writes; set Writes or Invalidates too, or leave it out");
    }

    private IntegrationMethod? ReaderOf(string path, string name, IntegrationMethod writer)
    {
        var readers = options.Where(method => method.Value is { Writes: null, Invalidates: null }).Select(method => method.Key).ToArray();
        if (!readers.Contains(name, StringComparer.Ordinal) || !resolved.TryGetValue(name, out var reader))
        {
            errors.Add(path, name, $"the integration has no method of that name that reads; {(readers.Length == 0 ? "add it" : DidYouMean.Hint(name, readers))}");
            return null;
        }

        foreach (var needed in reader.Parameters.Where(parameter => !parameter.Optional && !writer.Parameters.Any(own => own.Name == parameter.Name && !own.Optional)))
            errors.Add(path, name, $"its entries are told apart by '{needed.Name}', which is no argument that this method must have; add it, or leave Writes out and name tags in Invalidates");
        return reader;
    }

    /// <summary>A writer has no entries of its own.</summary>
    private void HasNoLife(string path, MethodOptions own)
    {
        (string Name, object? Value)[] lives =
        [
            (nameof(own.Strategy), own.Strategy == Strategy.Ttl ? null : own.Strategy), (nameof(own.FreshFor), own.FreshFor), (nameof(own.StaleFor), own.StaleFor),
            (nameof(own.AbsentFor), own.AbsentFor == TimeSpan.Zero ? null : own.AbsentFor), (nameof(own.Jitter), own.Jitter == 0 ? null : own.Jitter),
            (nameof(own.Tags), own.Tags.Length == 0 ? null : string.Join(", ", own.Tags)), (nameof(own.MaxEntries), own.MaxEntries), (nameof(own.MaxBytes), own.MaxBytes),
            (nameof(own.Many), own.Many is { } many ? many.Get ?? (object)many.Max : null),
        ];
        foreach (var (name, value) in lives)
        {
            if (value is not null)
                errors.Add($"{path}:{name}", value, $"this method writes and has no entries of its own; set it for {(own.Writes is { } reader ? $"'{reader}'" : "the method that reads")}, or leave it out");
        }
    }
}
