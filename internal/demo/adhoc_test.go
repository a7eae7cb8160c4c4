package demo_test
import ("testing";"time";"fmt";"github.com/ricircolo/ricircolo/internal/demo";"github.com/ricircolo/ricircolo/internal/calendar")
func TestAdhoc(t *testing.T){
 for i:=range 8 { t.Run(fmt.Sprint(i),func(t *testing.T){ u:=time.Date(2026,time.Month(1+i),3+5*i%28,8+i,0,0,0,calendar.Rome())
 o:=demo.Options{Store:mustStore(t,true),Until:u,Seed:int64(100+i)}
 d:=mustSeed(t,o); b:=read(t,o.Store); checkInbox(t,b,1)
 if i==0 { checkClock(t,b) }
 t.Log(u.Weekday(), d.Answers) })}
}
func TestScale(t *testing.T){
 s:=mustStore(t,true); at:=time.Now(); d:=mustSeed(t,demo.Options{Store:s,Until:until,Factor:10})
 t.Log(time.Since(at), d.Answers)
}
