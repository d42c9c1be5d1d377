using System.Runtime.InteropServices;

namespace OrleansCache;

/// <summary>Binds a call's arguments to what its integration declares, or says what is wrong with it.</summary>
internal static class CallBinding
{
    public static CallTarget Bind(IntegrationDescription integration, string method, IReadOnlyDictionary<string, string?> args)
    {
        if (Find(integration, method) is not { } known)
            return UnknownMethod(integration, method);
        if (known.Verbs is { } verbs)
            return WrongVerb($"'{integration.Name}/{method}' writes; send it with {verbs}, and read {(known.Writes is { } reader ? $"'{reader}'" : "another method")}.", verbs);
        return Bind(integration, known, args);
    }

    /// <param name="integration">Whose.</param>
    /// <param name="method">One that writes.</param>
    /// <param name="args">By name.</param>
    /// <param name="verb">The HTTP method that the caller used; null when it used none.</param>
    public static WriteTarget BindWrite(IntegrationDescription integration, string method, IReadOnlyDictionary<string, string?> args, string? verb)
    {
        if (Find(integration, method) is not { } known)
            return new() { Problem = UnknownMethod(integration, method).Problem };
        if (known.Verbs is null)
            return new() { Problem = WrongVerb($"{(verb is null ? "" : $"The method is {verb}; ")}'{integration.Name}/{method}' reads: use GET or HEAD. One that writes has Writes or Invalidates in its configuration.", "GET, HEAD").Problem };
        if (verb is not null && !known.Verbs.Split(", ").Contains(verb, StringComparer.Ordinal))
            return new() { Problem = WrongVerb($"The method is {verb}; use {known.Verbs}.", known.Verbs).Problem };
        var call = Bind(integration, known, args);
        if (call.Problem is not null || known.Writes is null)
            return Target(null);
        if (Find(integration, known.Writes) is not { } reader)
            return new() { Problem = UnknownMethod(integration, known.Writes).Problem };
        var entry = Bind(integration, reader, args.Where(arg => reader.Parameters.Any(parameter => parameter.Name == arg.Key)).ToDictionary(StringComparer.Ordinal));
        return entry.Problem is null ? Target(entry.Key) : new() { Problem = entry.Problem };

        WriteTarget Target(CacheKey? entry) => new()
        {
            Problem = call.Problem,
            Arguments = call.Arguments,
            Entry = entry,
            Invalidates = [.. known.Invalidates.Select(tag => CallTemplate.ParseText(tag)?.Tag(args)).OfType<string>()],
        };
    }

    private static CallTarget Bind(IntegrationDescription integration, MethodDescription known, IReadOnlyDictionary<string, string?> args)
    {
        var method = known.Name;
        var bound = new List<CallArgument>(args.Count);
        string? stray = null;
        foreach (var (name, value) in args)
        {
            bound.Add(new(name, value));
            if (!Takes(known, name))
                stray ??= name;
        }

        foreach (var parameter in known.Parameters)
        {
            if (!parameter.Optional && !args.ContainsKey(parameter.Name))
                return Wrong("missing-argument", $"The argument '{parameter.Name}' of '{integration.Name}/{method}' is missing; give it{(stray is null ? "" : $" by exactly this name ('{stray}' is none of its arguments)")}.");
        }

        if (stray is not null)
            return Wrong("surplus-argument", $"'{integration.Name}/{method}' has no argument '{stray}'; it takes {List(known.Parameters.Select(static p => p.Name))}, by exactly these names.");

        try
        {
            bound.Sort(ArgumentKey.Compare);
            return new(CacheKey.Of(known.Region, ArgumentKey.Of(CollectionsMarshal.AsSpan(bound))), null) { Arguments = [.. bound], IsVersioned = known.IsVersioned };
        }
        catch (ArgumentException e)
        {
            var said = e.ParamName is { } parameter ? e.Message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal) : e.Message;
            return Wrong("bad-argument", said);
        }
    }

    public static CallTarget UnknownIntegration(string integration, IEnumerable<string> names) =>
        Wrong("unknown-integration", $"There is no integration '{integration}'; there is {List(names)}.");

    // Plain loops in these two: every call passes them.
    private static MethodDescription? Find(IntegrationDescription integration, string method)
    {
        foreach (var known in integration.Methods)
        {
            if (known.Name == method)
                return known;
        }

        return null;
    }

    private static bool Takes(MethodDescription method, string name)
    {
        foreach (var parameter in method.Parameters)
        {
            if (parameter.Name == name)
                return true;
        }

        return false;
    }

    private static CallTarget UnknownMethod(IntegrationDescription integration, string method) =>
        Wrong("unknown-method", $"The integration '{integration.Name}' has no method '{method}'; it has {List(integration.Methods.Select(static m => m.Name))}.");

    private static CallTarget WrongVerb(string message, string allow) =>
        new(default, new() { Kind = ProblemKind.BadCall, Detail = "method-not-allowed", Message = message, Allow = allow });

    private static CallTarget Wrong(string detail, string message) =>
        new(default, new() { Kind = ProblemKind.BadCall, Detail = detail, Message = message });

    private static string List(IEnumerable<string> names) =>
        string.Join(", ", names.Order(StringComparer.Ordinal).Select(static n => $"'{n}'")) is { Length: > 0 } list ? list : "none";
}
