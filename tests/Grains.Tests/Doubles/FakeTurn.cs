using System.Reflection;

namespace OrleansCache.Tests;

/// <summary>The entry in whose turn a call is made, as the silo sees it that makes the call.</summary>
#pragma warning disable CA1852 // a proxy is a subtype, made at run time
internal class FakeTurn : DispatchProxy
#pragma warning restore CA1852
{
    public static WriterTicket Ticket { get; } = new("plain:a", new() { Activation = Guid.NewGuid(), Number = LoadTicket.OfWriter, LeaseMilliseconds = 2_000 });

    /// <summary>What it answers, given how often it was asked.</summary>
    public Func<int, OriginWriteReply> Answer { get; set; } = _ => Granted;

    public static OriginWriteReply Granted { get; } = new() { Status = OriginWriteStatus.Granted };
    public static OriginWriteReply Lost { get; } = new() { Status = OriginWriteStatus.Lost };

    public int Asked { get; private set; }

    public static FakeTurn Make() => (FakeTurn)(object)Create<IEntryGrain, FakeTurn>();

    public IEntryGrain Entry => (IEntryGrain)(object)this;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        Assert.Equal((nameof(IEntryGrain.HoldWriteAsync), Ticket.Ticket), (targetMethod!.Name, args![0]));
        return new ValueTask<OriginWriteReply>(AnswerAsync());
    }

    private async Task<OriginWriteReply> AnswerAsync()
    {
        await Task.CompletedTask;
        return Answer(++Asked);
    }
}
