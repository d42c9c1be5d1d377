using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace OrleansCache.Engine;

/// <summary>Exceptions as type, message, stack and cause. Made anew at the caller: as the same type where that is known there and can be
/// made of a message, else as an <see cref="OrleansException"/> that says it all.</summary>
internal static class ExceptionCodec
{
    private const int MaxCauses = 8, MaxTypes = 1000;
    private static readonly ConcurrentDictionary<string, Type?> Types = new();

    public static void Write(MessageWriter writer, Exception error, int depth = 0)
    {
        Text(1, error.GetType().AssemblyQualifiedName);
        Text(2, RawMessage(error) ?? error.Message);
        Text(3, error.StackTrace);
        Text(5, (error as InconsistentStateException)?.StoredEtag);
        Text(6, (error as InconsistentStateException)?.CurrentEtag);
        Text(7, (error as ArgumentException)?.ParamName);
        Text(8, error.GetType().FullName);
        if (error.InnerException is not { } cause || depth >= MaxCauses)
            return;
        writer.BeginGroup(4);
        Write(writer, cause, depth + 1);
        writer.EndGroup();

        void Text(uint id, string? text)
        {
            if (text is not null)
                Codecs<string>.Instance.Write(writer, id, text);
        }
    }

    public static Exception Read(ref MessageReader reader)
    {
        string? type = null, message = null, stack = null, stored = null, current = null, parameter = null, name = null;
        Exception? cause = null;
        while (reader.NextField(out var id, out var wire))
        {
            switch (id)
            {
                case 1: type = Codecs<string>.Instance.Read(ref reader, wire); break;
                case 2: message = Codecs<string>.Instance.Read(ref reader, wire); break;
                case 3: stack = Codecs<string>.Instance.Read(ref reader, wire); break;
                case 4: reader.BeginGroup(wire); cause = Read(ref reader); break;
                case 5: stored = Codecs<string>.Instance.Read(ref reader, wire); break;
                case 6: current = Codecs<string>.Instance.Read(ref reader, wire); break;
                case 7: parameter = Codecs<string>.Instance.Read(ref reader, wire); break;
                case 8: name = Codecs<string>.Instance.Read(ref reader, wire); break;
                default: reader.Skip(wire); break;
            }
        }
        var known = type is null ? null : Find(type);
        var made = known == typeof(InconsistentStateException) ? new InconsistentStateException(message ?? "", stored, current, cause)
            : known is null ? null : Make(known, message ?? "", parameter, cause);
        made ??= new OrleansException($"{name}: {message}", cause!);
        return stack is null ? made : ExceptionDispatchInfo.SetRemoteStackTrace(made, stack + Environment.NewLine + "--- in another process ---");
    }

    private static Exception? Make(Type type, string message, string? parameter, Exception? cause)
    {
        try
        {
            if (typeof(ArgumentException).IsAssignableFrom(type) && parameter is not null)
            {
                return (type == typeof(ArgumentException) ? Of([message, parameter]) : Of([parameter, message])) ?? new ArgumentException(message, parameter);
            }
            return Of([message, cause]) ?? Of([message]) ?? Of([]);
        }
        catch (Exception error) when (error is MissingMethodException or MemberAccessException or System.Reflection.TargetInvocationException)
        {
            return null;
        }

        Exception? Of(object?[] arguments) => type.GetConstructor(
            System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance,
            [.. arguments.Select((_, n) => n == 1 && parameter is null ? typeof(Exception) : typeof(string))])?.Invoke(arguments) as Exception;
    }

    /// <summary>Only types of assemblies that are loaded: a message loads no code.</summary>
    private static Type? Find(string name)
    {
        if (Types.TryGetValue(name, out var type))
            return type;
        type = FindLoaded(name);
        if (Types.Count < MaxTypes)
            Types[name] = type;
        return type;
    }

    private static Type? FindLoaded(string name)
    {
        try
        {
            var type = Type.GetType(name,
                assembly => AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(loaded => loaded.GetName().Name == assembly.Name),
                typeResolver: null, throwOnError: false);
            return type is { IsAbstract: false, ContainsGenericParameters: false } && typeof(Exception).IsAssignableFrom(type) ? type : null;
        }
        catch (Exception error) when (error is ArgumentException or TypeLoadException or IOException or BadImageFormatException)
        {
            return null;
        }
    }

    /// <summary>Without what the type itself appends, such as a parameter's name.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? RawMessage(Exception error);
}
